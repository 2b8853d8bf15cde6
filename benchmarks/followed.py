"""Followed: what it costs a program that its files are seen, beside other ways to see them."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import measuring
from figures import Section, Target
from measuring import Cost, Series, Way
from programs import Program
from ways import PLAIN, Bench, ways_of

FILES = 20_000
PAIRS = 15  # of the program alone and followed, at least
MOST = 1.15
OWN = "anew run, the program's own processes"
READ = """\
import os
for number in range(FILES):
    with open(f"small/{number % 100}/{number}", "rb") as stream:
        stream.read(200)
"""
Say = Callable[[str], None]


def many_small(bench: Bench, pairs: int, say: Say) -> Section:
    """Measure reading 20,000 small files: Anew's capture alone, strace, and the peers."""
    program = _program(bench.place)
    section = Section(f"Following {program.name}")
    ways = [way for way in ways_of(program, bench, say) if "mlflow" not in way.name]
    strace = shutil.which("strace")
    if strace:
        words = [strace, "-f", "--seccomp-bpf", "-e", "trace=%file,%desc", "-o", "/dev/null"]
        ways.append(Way("strace -f --seccomp-bpf", [*words, *ways[0].command], program.folder,
                        bench.environ))  # fmt: skip
    found = measuring.rounds(ways, pairs, say)
    own, plain = Series(OWN), Series(f"{PLAIN}, the program's own processes")
    count = max(pairs, PAIRS)
    for number in range(count + 1):
        say(f"{OWN}, round {number} of {count}")
        measuring.once(ways[0])  # else who comes first may find files that are not in memory
        costs = [_recorded(ways[1], bench.anew)] if number % 2 else []
        costs += [measuring.once(ways[0])]
        costs += [] if number % 2 else [_recorded(ways[1], bench.anew)]
        if number:
            own.costs.append(costs[not number % 2])
            plain.costs.append(costs[number % 2])
    section.series = [*found, plain, own]
    ratios = sorted(one.cpu / two.cpu for one, two in zip(own.costs, plain.costs, strict=True))
    section.targets = [Target("CPU of the program's own processes, followed ÷ plain",
                              ratios[count // 2], MOST, "")]  # fmt: skip
    section.notes.append(
        f"half of {count} pairs between {ratios[count // 4]:.2f} and"
        f" {ratios[-(count // 4) - 1]:.2f}"
    )
    return section


def _program(place: Path) -> Program:
    folder = place / "followed"
    for number in range(FILES):
        path = folder / "small" / str(number % 100) / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % number)
    (folder / "read.py").write_text(READ.replace("FILES", str(FILES)), encoding="utf-8")
    return Program(f"{FILES:,} small files", ("read.py",), folder)


def _recorded(way: Way, anew: Path) -> Cost:
    """Return what the program's own processes took, as the record says: sealing is apart."""
    measuring.once(way)
    done = subprocess.run([str(anew), "show", "@1", "--json"], cwd=way.folder,
                          env=dict(way.environ), capture_output=True, check=True)  # fmt: skip
    outcome = json.loads(done.stdout)["outcome"]
    return Cost(float(outcome["duration_s"]), float(outcome["cpu_s"]))
