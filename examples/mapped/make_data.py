"""Writes a raw array and an HDF5 file."""
import h5py
import numpy as np

rng = np.random.default_rng(11)
rng.normal(size=20000).astype("float32").tofile("series.bin")
with h5py.File("grid.h5", "w") as file:
    file["grid"] = rng.normal(size=(40, 40))
