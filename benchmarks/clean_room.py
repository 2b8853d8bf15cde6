"""Clean room: what it costs to start a replay in one, and to open files there."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from figures import Section, Target
from measuring import Series, Way, added, rounds
from ways import Bench

OPENS, FILES, PAIRS = 100_000, 200, 15  # of opens in a program, of pairs of it at least
START_MS, OPENS_TIMES = 100.0, 1.05
PLAIN, ISOLATED = "anew replay", "anew replay --isolate"
OPENING = f"""\
names = [f"data/{{number}}.txt" for number in range({FILES})]
total = 0
for _ in range({OPENS // FILES}):
    for name in names:
        with open(name) as stream:
            total += len(stream.read())
print(total)
"""


def room(bench: Bench, pairs: int, say: Callable[[str], None]) -> Section:
    """Measure replays of a program that does nothing, and of one that opens files."""
    place = bench.place / "clean room"
    (place / "data").mkdir(parents=True)
    for number in range(FILES):
        (place / "data" / f"{number}.txt").write_text(f"{number}\n", encoding="ascii")
    (place / "pass.py").write_text("print(1)\n", encoding="ascii")
    (place / "opens.py").write_text(OPENING, encoding="ascii")
    environ = {**bench.environ, "ANEW_HOME": str(bench.place / "clean store")}
    anew = str(bench.anew)
    for name in ("pass", "opens"):
        words = [anew, "run", "--name", name, str(bench.python), f"{name}.py"]
        subprocess.run(words, cwd=place, env=environ, check=True, capture_output=True)
    section = Section("The clean room")
    ways = [Way(PLAIN, [anew, "replay", "pass"], place, environ),
            Way(ISOLATED, [anew, "replay", "pass", "--isolate"], place, environ)]  # fmt: skip
    section.series = rounds(ways, pairs, say)
    plain, isolated = section.series
    ratios = sorted(
        _opens(anew, place, environ, say, room_first=bool(number % 2))
        for number in range(max(pairs, PAIRS))
    )
    section.targets = [
        *_start(plain, isolated),
        Target(f"CPU of {OPENS:,} opens in it, beside a plain replay", ratios[len(ratios) // 2],
               OPENS_TIMES, "times"),
    ]  # fmt: skip
    quarter = len(ratios) // 4
    section.notes.append(
        f"opens: half of {len(ratios)} pairs between {ratios[quarter]:.3f} and"
        f" {ratios[-quarter - 1]:.3f} times, all between {ratios[0]:.3f} and {ratios[-1]:.3f}"
    )
    return section


def _start(plain: Series, isolated: Series) -> list[Target]:
    more = added(isolated, plain, lambda cost: cost.wall) * 1e3
    return [Target("wall time of a replay in it beyond a plain one", more, START_MS, "ms")]


def _opens(
    anew: str,
    place: Path,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    *,
    room_first: bool,
) -> float:
    """Return how much more CPU the program itself takes in the room than in a plain replay."""
    say(f"{OPENS:,} opens")
    took: dict[bool, float] = {}
    for isolated in (room_first, not room_first):
        more = ["--isolate"] if isolated else []
        replayed = _document([anew, "replay", "opens", "--json", *more], place, environ)
        shown = _document([anew, "show", str(replayed["run"]), "--json"], place, environ)
        outcome = shown["outcome"]
        assert isinstance(outcome, dict)
        took[isolated] = outcome["cpu_s"]
    return took[True] / took[False]


def _document(words: list[str], place: Path, environ: Mapping[str, str]) -> dict[str, object]:
    done = subprocess.run(words, cwd=place, env=environ, capture_output=True, check=True)
    document: dict[str, object] = json.loads(done.stdout)
    return document
