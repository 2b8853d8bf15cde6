"""Takes its seeds from the clock and the process, as many scripts do."""
import os
import random
import time

import numpy as np

random.seed(time.time())
np.random.seed(int(time.time() * 1000) % 2**32)
walker = np.random.default_rng(os.getpid())
walk = np.cumsum(walker.choice([-1, 1], 1000))
np.savetxt("walk.csv", walk, fmt="%d")
print("end", walk[-1], "python", random.random(), "legacy", np.random.rand())
