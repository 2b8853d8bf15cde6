"""Writes 5,000 small text files in 50 folders."""
import os
import random

random.seed(3)
words = [f"w{i}" for i in range(400)]
for folder in range(50):
    os.makedirs(f"texts/{folder:02d}", exist_ok=True)
    for number in range(100):
        with open(f"texts/{folder:02d}/{number:03d}.txt", "w") as stream:
            stream.write(" ".join(random.choices(words, k=40)))
