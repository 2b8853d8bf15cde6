import random

import numpy as np

rng = np.random.default_rng()
for _ in range(500):
    x = random.uniform(-3, 3)
    print(x, 2.5 * x - 1 + rng.normal() if random.random() > 0.02 else "nan")
