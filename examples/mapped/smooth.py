"""Smooths a mapped array in place and adds a noisy copy to an HDF5 file."""
import h5py
import numpy as np

series = np.memmap("series.bin", dtype="float32", mode="r+")
series[1:-1] = (series[:-2] + series[1:-1] + series[2:]) / 3
series.flush()
with h5py.File("grid.h5", "r") as file:
    grid = file["grid"][:]
noisy = grid + np.random.default_rng().normal(scale=0.01, size=grid.shape)
with h5py.File("noisy.h5", "w") as file:
    file.create_dataset("noisy", data=noisy, track_times=False)
np.save("summary.npy", [series.mean(), series.std(), noisy.mean()])
print(f"{series.std():.6f} {noisy.mean():.8f}")
