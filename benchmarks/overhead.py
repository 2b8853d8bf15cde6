"""Overhead: what recording adds to nothing, to a training, and to reading many files."""

import shutil
import statistics
from collections.abc import Callable

import programs
from figures import Section, Target
from measuring import Cost, Series, Way, added, once, rounds
from ways import ANEW, PLAIN, Bench, ways_of

Say = Callable[[str], None]

START_MS = 150.0
TRAINING_PERCENT = 1.0
FIRST_US, KNOWN_US = 60.0, 30.0  # for each file
FIRST = "anew run (first time)"


def nothing(bench: Bench, pairs: int, say: Say) -> Section:
    """Measure `python -c pass`."""
    program = programs.nothing(bench.place)
    section = Section("(a) " + program.name)
    section.series = rounds(ways_of(program, bench, say), pairs, say)
    more = added(section.of(ANEW), section.of(PLAIN), _wall) * 1e3
    section.targets = [Target("wall time that `anew run` adds", more, START_MS, "ms")]
    return section


def training(bench: Bench, pairs: int, say: Say, *, seconds: float) -> Section:
    """Measure a training, and `python -c pass` beside it: what counts is what goes beyond."""
    base = _base(bench, pairs, say)
    program = programs.training(bench.place, seconds, bench.python)
    section = Section("(b) " + program.name)
    section.series = rounds(ways_of(program, bench, say), pairs, say)
    plain = section.of(PLAIN)
    more = added(section.of(ANEW), plain, _cpu) - base.cpu
    section.targets = [
        Target("CPU beyond (a)", 100 * more / plain.cpu, TRAINING_PERCENT, "% of plain")
    ]
    return section


def many_files(bench: Bench, pairs: int, say: Say) -> Section:
    """Measure a script that reads 5,000 files: into an empty store, and when all is known."""
    base = _base(bench, pairs, say)
    program = programs.many_files(bench.place)
    section = Section("(c) " + program.name)
    ways = ways_of(program, bench, say)
    plain, known = ways[:2]
    fresh = _fresh(bench, known, say)
    section.series = rounds([plain, known, fresh, *ways[2:]], pairs, say)
    for name, most in ((FIRST, FIRST_US), (ANEW, KNOWN_US)):
        series, note = section.of(name), "first time" if name == FIRST else "contents known"
        for of, kind, start in ((_cpu, "CPU", base.cpu), (_wall, "wall", base.wall)):
            each = (added(series, section.of(PLAIN), of) - start) / programs.FILES * 1e6
            section.targets.append(
                Target(f"{kind} for each file beyond (a), {note}", each, most, "µs")
            )
    return section


def _fresh(bench: Bench, known: Way, say: Say) -> Way:
    """Return Anew's way into a store that is empty but for the environment, each time."""
    place = bench.place / "fresh"
    environ = {
        **bench.environ,
        "ANEW_HOME": str(place / "store"),
        "XDG_CACHE_HOME": str(place / "cache"),
    }
    folder = place / "elsewhere"
    start = Way("", [str(bench.anew), "run", str(bench.python), "-c", "pass"], folder, environ)

    def before() -> None:
        shutil.rmtree(place, ignore_errors=True)
        folder.mkdir(parents=True)
        say("an empty store")
        once(start)

    return Way(FIRST, known.command, known.folder, environ, before)


def _base(bench: Bench, pairs: int, say: Say) -> Cost:
    """Return what `anew run` adds to a program that does nothing."""
    folder = bench.place / "base"
    folder.mkdir(exist_ok=True)
    program = programs.Program("python -c pass", ("-c", "pass"), folder)
    plain, own = rounds(ways_of(program, bench, say, peers=False), max(pairs, 5), say)
    return Cost(_added(own, plain, _wall), _added(own, plain, _cpu))


def _added(own: Series, plain: Series, of: Callable[[Cost], float]) -> float:
    return statistics.median(of(cost) for cost in own.costs) - statistics.median(
        of(cost) for cost in plain.costs
    )


def _wall(cost: Cost) -> float:
    return cost.wall


def _cpu(cost: Cost) -> float:
    return cost.cpu
