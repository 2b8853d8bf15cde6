"""Joins the parts, resamples rows, and writes means by station."""
import pandas as pd
import pyarrow.parquet as pq

table = pd.concat([pd.read_parquet("part-0.parquet"), pq.read_table("part-1.parquet").to_pandas()])
means = table.sample(frac=0.5).groupby("station")["value"].agg(["mean", "std", "count"])
means.to_parquet("means.parquet")
means.to_csv("means.csv")
print(means.head())
