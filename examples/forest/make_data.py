"""Writes a small classification problem."""
import csv
import random

random.seed(7)
with open("data.csv", "w", newline="") as stream:
    writer = csv.writer(stream)
    writer.writerow([f"x{i}" for i in range(8)] + ["label"])
    for _ in range(1200):
        row = [random.gauss(0, 1) for _ in range(8)]
        label = int(row[0] * row[1] + 0.5 * row[2] + random.gauss(0, 0.3) > 0)
        writer.writerow([f"{value:.5f}" for value in row] + [label])
