"""Writes a table of measurements in two Parquet files."""
import numpy as np
import pandas as pd

rng = np.random.default_rng(5)
for part in range(2):
    pd.DataFrame(
        {
            "station": rng.integers(0, 20, 5000),
            "value": rng.normal(10, 2, 5000),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 60, 5000), "D"),
        }
    ).to_parquet(f"part-{part}.parquet")
