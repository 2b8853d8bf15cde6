"""A bootstrap over joblib's workers; each task draws for itself."""
import json

import numpy as np
from joblib import Parallel, delayed


def mean_of_resample(data):
    chosen = np.random.default_rng().integers(0, len(data), len(data))
    return float(data[chosen].mean()), float(np.random.rand())


data = np.random.default_rng(0).normal(size=300)
results = Parallel(n_jobs=3)(delayed(mean_of_resample)(data) for _ in range(24))
with open("means.json", "w") as stream:
    json.dump(results, stream)
print(f"{np.mean([mean for mean, _ in results]):.8f} ± {np.std([mean for mean, _ in results]):.8f}")
