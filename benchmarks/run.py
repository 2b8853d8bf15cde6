"""Measures what Anew costs, beside peers, and says which targets are met.

    python3 benchmarks/run.py [--only NAME] [--pairs 5] [--seconds 30] [--json]

NAME is one of nothing, training, many, commands, repository, packages, disk, followed, hashing,
environment, room; it may be repeated.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Collection
from functools import partial
from pathlib import Path

import bringing_back
import clean_room
import commands
import disk
import environments
import followed
import hashing
import large_projects
import machine
import measuring
import overhead
from figures import Section, as_document, lines
from ways import Bench

PEERS = ("mlflow", "scikit-learn", "numpy")
WITHOUT_PEERS = ("environment", "room", "hashing")


def main() -> int:
    """Run what is asked for; return 1 where a target is missed."""
    asked = _arguments()
    measuring.adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="anew-bench-") as folder:
        try:
            bench = _bench(Path(folder), asked.only or ())
        except environments.Unavailable as error:
            sys.exit(str(error))
        about = machine.described()
        if not asked.json:
            print(f"{about}\n", flush=True)
        sections = []
        for name, measure in _all(asked.seconds).items():
            if asked.only and name not in asked.only:
                continue
            section = measure(bench, asked.pairs, _say)
            sections.append(section)
            if not asked.json:
                print("\n".join(lines(section)), flush=True)
    if asked.json:
        print(json.dumps({"machine": about, "sections": [as_document(s) for s in sections]}))
    return 0 if all(target.met for section in sections for target in section.targets) else 1


def _all(seconds: float) -> dict[str, "partial[Section]"]:
    return {
        "nothing": partial(overhead.nothing),
        "training": partial(overhead.training, seconds=seconds),
        "many": partial(overhead.many_files),
        "commands": partial(commands.waiting),
        "repository": partial(large_projects.repository),
        "packages": partial(large_projects.packages),
        "disk": partial(disk.growth),
        "followed": partial(followed.many_small),
        "hashing": partial(hashing.large_inputs, seconds=seconds),
        "environment": partial(bringing_back.environment),
        "room": partial(clean_room.room),
    }


def _bench(place: Path, only: Collection[str]) -> Bench:
    anew = environments.anew()
    bare = only and all(name in WITHOUT_PEERS for name in only)
    folder = environments.programs("plain") if bare else environments.programs("mlflow", *PEERS)
    python = folder / "python"
    return Bench(place, environments.variables(place), python, anew)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what Anew costs, beside peers.")
    parser.add_argument("--only", action="append", choices=list(_all(0)), help="only this one")
    parser.add_argument("--pairs", type=int, default=5, help="rounds that are counted (5)")
    parser.add_argument("--seconds", type=float, default=30, help="length of the training (30)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args()


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K# {text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
