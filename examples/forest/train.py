"""Trains a forest and a network, and writes what they reach."""
import argparse
import json
import os

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--trees", type=int, default=100)
parser.add_argument("--hidden", type=int, default=32)
options = parser.parse_args()

table = np.genfromtxt("data.csv", delimiter=",", skip_header=1)
train_x, test_x, train_y, test_y = train_test_split(table[:, :-1], table[:, -1])
scores = {}
for name, model in {
    "forest": RandomForestClassifier(options.trees, n_jobs=2),
    "network": MLPClassifier((options.hidden,), max_iter=60, early_stopping=True),
}.items():
    model.fit(train_x, train_y)
    scores[name] = model.score(test_x, test_y)
    print(f"{name}: accuracy {scores[name]:.4f}")
os.makedirs("results", exist_ok=True)
with open("results/scores.json", "w") as stream:
    json.dump(scores, stream)
np.save("results/importances.npy", RandomForestClassifier(20, n_jobs=2).fit(train_x, train_y).feature_importances_)
