"""Estimates pi by throwing darts."""
import random

inside = 0
for thrown in range(1, 200_001):
    inside += random.random() ** 2 + random.random() ** 2 < 1
    if thrown % 50_000 == 0:
        print(f"{thrown} darts: {4 * inside / thrown:.6f}")
