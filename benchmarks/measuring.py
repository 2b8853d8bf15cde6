"""Measuring: what a command costs, its processes and their children included."""

import ctypes
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h: orphans of our children become ours
ORPHANS_END = 5.0  # seconds that processes left behind are waited for


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the wall and seconds of CPU, user and system together."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run a program. `before` is done each time and is not measured."""

    name: str
    command: Sequence[str]
    folder: Path
    environ: Mapping[str, str]
    before: Callable[[], None] | None = None


@dataclass(slots=True)
class Series:
    """The costs of one way, round by round; `trouble` says why there are none."""

    name: str
    costs: list[Cost] = field(default_factory=list)
    trouble: str = ""

    @property
    def wall(self) -> float:
        """The median wall time in seconds."""
        return statistics.median(cost.wall for cost in self.costs)

    @property
    def cpu(self) -> float:
        """The median CPU time in seconds."""
        return statistics.median(cost.cpu for cost in self.costs)


class Failed(Exception):
    """A command ended with an error."""


def adopt_orphans() -> None:
    """Become the parent of processes whose own parent ends first, so that their CPU counts."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def once(way: Way) -> Cost:
    """Run a way once and return its cost.

    Raises:
        Failed: it ended with an error.
    """
    if way.before is not None:
        way.before()
    used, start = _children(), time.perf_counter()
    with subprocess.Popen(
        list(way.command), cwd=way.folder, env=dict(way.environ), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        told = process.stderr.read() if process.stderr else b""
        code = process.wait()
    wall = time.perf_counter() - start
    _reap()
    if code:
        last = told.decode(errors="replace").strip().splitlines()[-1:]
        raise Failed(f"exit code {code}: {' '.join(last)[:120]}")
    return Cost(wall, _children() - used)


def rounds(ways: Sequence[Way], count: int, say: Callable[[str], None]) -> list[Series]:
    """Run all ways `count` times, A B C A B C, after one round that is not counted."""
    found = [Series(way.name) for way in ways]
    for number in range(count + 1):
        for way, series in zip(ways, found, strict=True):
            if series.trouble:
                continue
            say(f"{way.name}, round {number} of {count}")
            try:
                cost = once(way)
            except (Failed, OSError) as error:
                series.trouble = str(error)
                continue
            if number:
                series.costs.append(cost)
    return found


def added(series: Series, plain: Series, of: Callable[[Cost], float]) -> float:
    """Return what `series` costs more than `plain`: the median over the pairs of a round."""
    pairs = zip(series.costs, plain.costs, strict=False)
    return statistics.median(of(cost) - of(base) for cost, base in pairs)


def spread(values: Iterable[float]) -> tuple[float, float]:
    """Return the least and the most of some values."""
    listed = list(values)
    return min(listed), max(listed)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _reap() -> None:
    """Wait for what outlived its parent; what is still there after a while is left alone."""
    until = time.monotonic() + ORPHANS_END
    while time.monotonic() < until:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            time.sleep(0.01)
