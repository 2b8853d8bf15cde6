import sys

import numpy as np

x, y = np.loadtxt(sys.argv[1]).T
slope, offset = np.polyfit(x, y, 1)
chosen = np.random.choice(len(x), 200)
again = np.polyfit(x[chosen], y[chosen], 1)
print(f"slope {slope:.6f} offset {offset:.6f} resampled {again[0]:.6f}")
