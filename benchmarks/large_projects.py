"""Large projects: what a git repository of 100,000 files and 150 packages cost when warm."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import environments
from figures import Section, Target
from measuring import added, rounds
from programs import Program
from ways import Bench, ways_of

FILES, FOLDER_FILES = 100_000, 100
REPOSITORY_MS, PACKAGES_MS, PACKAGES = 500.0, 50.0, 150
SCAN = """\
import os, sys, time
from pathlib import Path
from anew.facets.environment.distributions import scan
folders, cache = sys.argv[2:], Path(sys.argv[1])
found = scan(folders, cache)
times = []
for _ in range(7):
    start = time.process_time()
    found = scan(folders, cache)
    times.append(time.process_time() - start)
print(len(found), sorted(times)[3])
"""


def repository(bench: Bench, pairs: int, say: Callable[[str], None]) -> Section:
    """Measure a run in a git work tree of 100,000 tracked files, and in an empty folder."""
    section = Section(f"A git project of {FILES:,} files")
    small, large = bench.place / "empty", bench.place / "repository"
    small.mkdir()
    say(f"writing {FILES:,} files")
    _write(large, bench)
    within = ways_of(Program("pass", ("-c", "pass"), small), bench, say, peers=False)
    within += ways_of(Program("pass", ("-c", "pass"), large), bench, say, peers=False)[1:]
    plain, own, inside = rounds(within, pairs, say)
    inside.name = "anew run, in the repository"
    section.series = [plain, own, inside]
    more = added(inside, own, lambda cost: cost.wall) * 1e3
    section.targets = [Target("wall time beyond an empty folder", more, REPOSITORY_MS, "ms")]
    return section


def _write(place: Path, bench: Bench) -> None:
    for number in range(FILES // FOLDER_FILES):
        folder = place / f"{number // 100:02d}" / f"{number % 100:02d}"
        folder.mkdir(parents=True)
        for name in range(FOLDER_FILES):
            (folder / f"{name:02d}.txt").write_text(f"{number} {name}\n", encoding="utf-8")
    for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "all"), ("status",)):
        command = ["git", "-C", str(place), *words]
        subprocess.run(command, env=bench.environ, check=True, capture_output=True)


def packages(bench: Bench, pairs: int, say: Callable[[str], None]) -> Section:
    """Measure a second look at what is installed, per 150 distributions."""
    del pairs
    say("looking at what is installed")
    section = Section("Fingerprint of an environment, warm")
    sites = sorted(environments.FOLDER.glob("*/lib/python*/site-packages"))
    sites += sorted(environments.ANEW.parent.glob("lib/python*/site-packages"))
    command = [str(environments.ANEW / "python"), "-c", SCAN, str(bench.place / "environments"),
               *map(str, sites)]  # fmt: skip
    done = subprocess.run(command, env=bench.environ, check=True, capture_output=True, text=True)
    count, seconds = int(done.stdout.split()[0]), float(done.stdout.split()[1])
    section.notes = [
        f"{count} distributions in {len(sites)} environments, {seconds * 1e3:.1f} ms CPU"
    ]
    section.targets = [
        Target(f"CPU for {PACKAGES} packages", seconds / count * PACKAGES * 1e3, PACKAGES_MS, "ms")
    ]
    return section
