"""Writes measurements to the folder named."""
import os
import random
import sys

random.seed(1)
os.makedirs(sys.argv[1], exist_ok=True)
for site in ("north", "south", "east"):
    with open(os.path.join(sys.argv[1], f"{site}.txt"), "w") as stream:
        stream.writelines(f"{random.gauss(20, 5):.3f}\n" for _ in range(200))
