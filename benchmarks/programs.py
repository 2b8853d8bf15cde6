"""The programs that are measured, written into a folder of their own with the data they read."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FILES = 5000
TRAINING = """\
import csv, time
import numpy
from sklearn.datasets import make_classification
from sklearn.neural_network import MLPClassifier
numpy.random.seed(7)
features, labels = make_classification(20_000, 60, n_informative=30, random_state=3)
model = MLPClassifier((96, 48), max_iter=ROUNDS, tol=0, n_iter_no_change=10**6, random_state=1)
model.fit(features, labels)
with open("loss.csv", "w") as stream:
    csv.writer(stream).writerows(enumerate(model.loss_curve_))
print(model.score(features, labels))
"""
MANY = """\
import glob
words = {}
for path in sorted(glob.glob("texts/*/*.txt")):
    with open(path) as stream:
        for word in stream.read().split():
            words[word] = words.get(word, 0) + 1
print(len(words))
"""


@dataclass(frozen=True, slots=True)
class Program:
    """A program: its arguments to Python, in its folder."""

    name: str
    arguments: Sequence[str]
    folder: Path


def nothing(place: Path) -> Program:
    """Return the program that does nothing."""
    folder = place / "nothing"
    folder.mkdir(parents=True)
    return Program("python -c pass", ("-c", "pass"), folder)


def training(place: Path, seconds: float, python: Path) -> Program:
    """Return a training of scikit-learn that takes about so many seconds of CPU here."""
    folder = place / "training"
    folder.mkdir(parents=True)
    (folder / "train.py").write_text(TRAINING.replace("ROUNDS", "12"), encoding="utf-8")
    short = _timed(folder, python)
    (folder / "train.py").write_text(TRAINING.replace("ROUNDS", "2"), encoding="utf-8")
    start = _timed(folder, python)
    count = max(2, int((seconds - start) / max((short - start) / 10, 1e-3)))
    (folder / "train.py").write_text(TRAINING.replace("ROUNDS", str(count)), encoding="utf-8")
    return Program(f"a training of {seconds:.0f} s", ("train.py",), folder)


def _timed(folder: Path, python: Path) -> float:
    code = (
        "import time, runpy; start = time.process_time(); runpy.run_path('train.py');"
        "print(time.process_time() - start)"
    )
    done = subprocess.run(
        [str(python), "-c", code], cwd=folder, capture_output=True, text=True, check=True,
        env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    return float(done.stdout.split()[-1])


def many_files(place: Path, count: int = FILES) -> Program:
    """Return a program that reads `count` small files."""
    folder = place / f"files-{count}"
    for number in range(count):
        path = folder / "texts" / f"{number // 100:03d}" / f"{number % 100:02d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"w{number % 97} w{number % 89} w{number}\n" * 8, encoding="utf-8")
    (folder / "count.py").write_text(MANY, encoding="utf-8")
    return Program(f"a script that reads {count:,} files", ("count.py",), folder)


def large_file(place: Path, size: int) -> Program:
    """Return a program that reads a part of a sparse file of `size` bytes."""
    folder = place / "large"
    folder.mkdir(parents=True)
    with (folder / "large.bin").open("wb") as stream:
        stream.truncate(size)
    (folder / "read.py").write_text(
        "with open('large.bin', 'rb') as stream:\n"
        "    stream.seek(-4096, 2)\n    total = sum(stream.read())\n"
        "with open('total.txt', 'w') as stream:\n    stream.write(str(total))\n",
        encoding="utf-8",
    )
    return Program("a script that reads a file of 20 GB", ("read.py",), folder)


if sys.platform != "linux":
    sys.exit("the benchmarks read Linux's accounting of processes")
