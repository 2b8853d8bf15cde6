"""Summarises each site by a resampled mean."""
import argparse
import os
import random

parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True)
data = parser.parse_args().data
with open("summary.csv", "w") as stream:
    for name in os.listdir(data):
        with open(os.path.join(data, name)) as source:
            values = [float(line) for line in source]
        mean = sum(random.choices(values, k=500)) / 500
        stream.write(f"{name},{mean:.6f}\n")
        print(os.path.abspath(os.path.join(data, name)), round(mean, 3))
