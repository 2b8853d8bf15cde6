"""Boosted trees, twice: scikit-learn's and LightGBM's, both sampling rows and columns."""
import json

import lightgbm
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

x, y = load_breast_cancer(return_X_y=True)
train_x, test_x, train_y, test_y = train_test_split(x, y, test_size=0.3)
models = {
    "gradient": GradientBoostingClassifier(n_estimators=40, subsample=0.7, max_features=5),
    "histogram": HistGradientBoostingClassifier(max_iter=40, early_stopping=True),
    "lightgbm": lightgbm.LGBMClassifier(
        n_estimators=40, subsample=0.8, subsample_freq=1, colsample_bytree=0.8, verbose=-1,
        random_state=np.random.randint(1 << 30), force_col_wise=True,
    ),
}
scores = {}
for name, model in models.items():
    scores[name] = model.fit(train_x, train_y).score(test_x, test_y)
    print(name, scores[name])
models["lightgbm"].booster_.save_model("model.txt")
with open("scores.json", "w") as stream:
    json.dump(scores, stream, indent=1)
