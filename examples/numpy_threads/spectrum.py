"""Spectra of random matrices, by BLAS threads and by a pool of our own."""
from concurrent.futures import ThreadPoolExecutor

import numpy as np


def largest(size):
    matrix = np.random.default_rng().normal(size=(size, size))
    return np.linalg.norm(matrix @ matrix.T, 2)


with ThreadPoolExecutor(4) as pool:
    norms = np.array(list(pool.map(largest, [60, 90, 120, 150, 180, 210])))
np.save("norms.npy", norms)
big = np.random.rand(500, 500)
values = np.linalg.svd(big @ big.T, compute_uv=False)
np.savetxt("values.csv", values[:20], delimiter=",")
print("norms", norms.round(3).tolist())
print("largest", values[0])
