"""A store with a few real runs, recorded once; a test that changes it gets a copy of its own."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import Anew

SCHEMAS = Path(__file__).parents[2] / "src" / "anew" / "cli" / "schemas"
TRAIN = """
import argparse, os, sys
import anew

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--fail", action="store_true")
args = parser.parse_args()
rows = open("data/train.csv").read().split()
for step in range(3):
    anew.log({"loss": args.lr / (step + 1), "acc": 1 - args.lr / (step + 1)}, step=step)
anew.log("odd", float("nan"))
os.makedirs("out", exist_ok=True)
with open("out/result.txt", "w") as file:
    file.write(f"{len(rows)} {args.lr}\\n")
with open("out/run.sh", "w") as file:
    file.write("#!/bin/sh\\n")
os.chmod("out/run.sh", 0o755)
if not os.path.islink("out/latest"):
    os.symlink("result.txt", "out/latest")
print("lr", args.lr)
print("a warning", file=sys.stderr)
sys.exit(3 if args.fail else 0)
"""


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Anew:
    """Four runs: `base`, its replay, one with another rate, one that failed; one elsewhere."""
    folder = tmp_path_factory.mktemp("recorded")
    for name in ("home", "project", "other"):
        (folder / name).mkdir()
    anew = Anew(folder / "home", folder / "project")
    anew.write("train.py", TRAIN)
    anew.write("data/train.csv", "1 2 3\n")
    anew("run", "--name", "base", "--tag", "paper=fig3", "--note", "the first", "train.py")
    anew("replay", "base")
    anew("run", "--tag", "sweep", "train.py", "--lr", "0.2")
    anew("run", "train.py", "--fail", check=3)
    anew("run", "--name", "elsewhere", "sh", "-c", "echo x > y", cwd=folder / "other")
    return anew


@pytest.fixture
def mine(recorded: Anew, tmp_path: Path) -> Anew:
    """The recorded runs in a store of one's own."""
    home = tmp_path / "home"
    shutil.copytree(recorded.home, home, symlinks=True)
    return Anew(home, recorded.project)


@pytest.fixture
def checked() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Check a document against the schema it names."""
    return check


def check(document: dict[str, Any]) -> dict[str, Any]:
    name = document["schema"].removeprefix("anew/").rpartition("-")[0]
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


def drop(anew: Anew, digest: str) -> None:
    """Lose an object of the store."""
    code = (
        "import sys; from pathlib import Path; from anew.store.local import LocalStore\n"
        "s = LocalStore(Path(sys.argv[1]), Path(sys.argv[2])); s.drop([sys.argv[3]]); s.close()"
    )
    subprocess.run([sys.executable, "-c", code, anew.store, anew.home / "c", digest], check=True)
