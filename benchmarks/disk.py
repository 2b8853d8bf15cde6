"""Disk: how much a store grows with a run, with the same run again, and with large inputs."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import programs
from figures import Section, Target
from ways import Bench

LARGE = 20 << 30
MANY = 10_000
LARGE_MB, AGAIN_KB, RECORD_KB = 1.0, 64.0, 64.0
RECORD = """\
import os
from anew.model.entry import RUN_SEALED
from anew.verbs.workspace import open_workspace
space = open_workspace(None, os.getcwd())
last = [entry.body for entry in space.ledger.entries() if entry.kind == RUN_SEALED][-1]
print(len(space.store.read(last)))
"""


def growth(bench: Bench, pairs: int, say: Callable[[str], None]) -> Section:
    """Measure what a store takes on disk; nothing of it is timed."""
    del pairs
    section = Section("Disk")
    store = bench.place / "disk" / "store"
    environ = {**bench.environ, "ANEW_HOME": str(store)}

    def anew(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(bench.anew), *words]
        return subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, check=False
        )

    def grown(folder: Path, arguments: Sequence[str]) -> int:
        before = size_of(store)
        done = anew(folder, "run", str(bench.python), *arguments)
        if done.returncode:
            raise SystemExit(done.stderr)
        return size_of(store) - before

    first = programs.Program("pass", ("-c", "pass"), bench.place / "disk" / "start")
    first.folder.mkdir(parents=True)
    grown(first.folder, first.arguments)
    say("a file of 20 GB")
    large = programs.large_file(bench.place, LARGE)
    once, again = (grown(large.folder, large.arguments) for _ in range(2))
    replayed = anew(large.folder, "replay", "@1")
    say(f"{MANY:,} files")
    many = programs.many_files(bench.place / "disk", MANY)
    grown(many.folder, many.arguments)
    repeated = grown(many.folder, many.arguments)
    read = [str(bench.anew.parent / "python"), "-c", RECORD]
    record = subprocess.run(read, cwd=many.folder, env=environ, capture_output=True, check=True)
    section.targets = [
        Target("growth by a run that reads a file of 20 GB", once / 1e6, LARGE_MB, "MB"),
        Target("growth by the same run again", again / 1e3, AGAIN_KB, "kB"),
        Target("exit code of its replay (0: the same)", replayed.returncode, 0, ""),
        Target(f"growth by a second run that reads {MANY:,} files", repeated / 1e3, AGAIN_KB, "kB"),
        Target(f"size of the record of that run ({MANY:,} inputs are one list)",
               int(record.stdout) / 1e3, RECORD_KB, "kB"),
    ]  # fmt: skip
    return section


def size_of(folder: Path) -> int:
    """Return how many bytes of the disk a folder takes."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) if folder.exists() else 0
