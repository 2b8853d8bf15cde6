"""Draws without a seed, and depends on the order of sets, addresses and identifiers."""
import json
import random
import uuid

import numpy as np


class Arm:
    def __init__(self, name):
        self.name = name


arms = {Arm(name) for name in "abcdefgh"}
order = [arm.name for arm in arms]
letters = list({"alpha", "beta", "gamma", "delta", "epsilon"})
draws = np.random.default_rng().normal(size=5).tolist()
result = {
    "order": order,
    "letters": letters,
    "draws": draws,
    "legacy": np.random.rand(3).tolist(),
    "python": [random.random() for _ in range(3)],
    "shuffled": random.sample(order, 8),
    "run": str(uuid.uuid4()),
}
with open("sample.json", "w") as stream:
    json.dump(result, stream, indent=1)
print(result)
