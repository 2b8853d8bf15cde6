"""Counts words over all texts, in whatever order the folders come."""
import collections
import json
import os

counts = collections.Counter()
for folder, _, names in os.walk("texts"):
    for name in names:
        with open(os.path.join(folder, name)) as stream:
            counts.update(stream.read().split())
with open("counts.json", "w") as stream:
    json.dump(counts, stream)
print(len(counts), "words;", counts.most_common(3))
