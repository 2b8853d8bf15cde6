"""Commands: how long a user waits for the help page, and for a list of a thousand runs."""

import subprocess
from collections.abc import Callable

from figures import Section, Target
from measuring import Way, rounds
from ways import Bench

RUNS = 1000
MOST_MS = 150.0
HELP, LS = "anew --help", f"anew ls --all ({RUNS:,} runs)"
COPIES = """\
import os, sys
from msgspec.structs import replace
from anew.model.canonical import decode, encode
from anew.model.entry import RUN_OPENED, RUN_SEALED
from anew.model.recipe import Request
from anew.model.record import Record, new_run_id
from anew.verbs.workspace import open_workspace
space = open_workspace(None, os.getcwd())
bodies = {entry.kind: entry.body for entry in space.ledger.entries() if entry.body}
request = decode(space.store.read(bodies[RUN_OPENED]), Request)
record = decode(space.store.read(bodies[RUN_SEALED]), Record)
for number in range(int(sys.argv[1])):
    run = new_run_id(os.urandom(16))
    batch = space.store.begin()
    opened, sealed = batch.add(encode(request)), batch.add(encode(replace(record, id=run)))
    batch.commit()
    space.ledger.append(RUN_OPENED, run, body=opened)
    space.ledger.append(RUN_SEALED, run, body=sealed)
space.store.close()
"""


def waiting(bench: Bench, pairs: int, say: Callable[[str], None]) -> Section:
    """Measure `anew --help` and `anew ls`."""
    place = bench.place / "thousand"
    place.mkdir()
    environ = {**bench.environ, "ANEW_HOME": str(place / "store")}
    anew = str(bench.anew)
    own = [anew, "run", str(bench.python), "-c", "pass"]
    subprocess.run(own, cwd=place, env=environ, check=True, capture_output=True)
    say(f"writing {RUNS:,} runs")
    copies = [str(bench.anew.parent / "python"), "-c", COPIES, str(RUNS - 1)]
    subprocess.run(copies, cwd=place, env=environ, check=True)
    section = Section("Commands")
    ways = [Way(HELP, [anew, "--help"], place, environ),
            Way(LS, [anew, "ls", "--all", "--limit", "0"], place, environ)]  # fmt: skip
    section.series = rounds(ways, pairs, say)
    section.targets = [
        Target(f"wall time of `{each.name}`", each.wall * 1e3, MOST_MS, "ms")
        for each in section.series
    ]
    return section
