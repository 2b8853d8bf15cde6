"""Hashing: what it costs a training that its large inputs are read beside it, and what it saves."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import environments
import measuring
from figures import Section, Target
from measuring import Cost, Series
from programs import Program
from ways import PLAIN, Bench

Say = Callable[[str], None]

REAL, SPARSE = 2 << 30, 8 << 30  # bytes
ANEW, AGAIN, OFF = (
    "anew run (first time)",
    "anew run (inputs known)",
    "anew run, hashing at the end",
)
MOST_PERCENT = 1.0
MOST_MB = 1.0
TRAIN = """\
import json, sys, time
import numpy
for name in ("real.bin", "sparse.bin"):
    with open(f"../data/{name}", "rb") as stream:
        stream.read(1 << 20)
started, used = time.perf_counter(), time.process_time()
features = numpy.random.default_rng(7).standard_normal((600, 600), dtype=numpy.float32)
weights = numpy.eye(600, dtype=numpy.float32)
for step in range(STEPS):
    weights = numpy.tanh(features @ weights) * 0.5
times = {"wall": time.perf_counter() - started, "cpu": time.process_time() - used}
with open(sys.argv[1], "w") as stream:
    json.dump(times, stream)
"""


def large_inputs(bench: Bench, pairs: int, say: Say, *, seconds: float) -> Section:
    """Measure a training on one core that read 10 GB of inputs: what it says of itself."""
    bench = replace(bench, python=environments.programs("numpy", "numpy") / "python")
    program = _program(bench, seconds)
    section = Section(f"Hashing 10 GB beside {program.name}")
    found = {name: Series(name) for name in (PLAIN, OFF, ANEW, AGAIN)}
    seals = {name: Series(f"{name}: from the program's end to ours") for name in (OFF, ANEW, AGAIN)}
    read: list[int] = []
    for number in range(pairs + 1):
        for name, series in found.items():
            say(f"{name}, round {number} of {pairs}")
            own, whole, at_seal = _once(bench, program, name)
            if number:
                series.costs.append(own)
                if name in seals:
                    seals[name].costs.append(whole)
                if name == AGAIN:
                    read.append(at_seal)
    section.series = [*found.values(), *seals.values()]
    late = found[OFF]
    for of, kind in ((_wall, "wall"), (_cpu, "CPU")):
        more = measuring.added(found[ANEW], late, of) / of(Cost(late.wall, late.cpu))
        section.targets.append(
            Target(f"{kind} of the training, hashed beside ÷ at the end", 100 * more, MOST_PERCENT,
                   "% more")
        )  # fmt: skip
    section.targets.append(
        Target("read at the seal of a second run", max(read) / 1e6, MOST_MB, "MB")
    )
    return section


def _program(bench: Bench, seconds: float) -> Program:
    data, folder = bench.place / "data", bench.place / "hashing"
    for each in (data, folder):
        each.mkdir(parents=True)
    block = bytes(range(256)) * (1 << 12)
    with (data / "real.bin").open("wb") as stream:
        for _ in range(REAL // len(block)):
            stream.write(block)
    with (data / "sparse.bin").open("wb") as stream:
        stream.truncate(SPARSE)
    (folder / "train.py").write_text(TRAIN.replace("STEPS", "50"), encoding="utf-8")
    program = Program(f"a training of {seconds:.0f} s", ("train.py", "times.json"), folder)
    short, _, _ = _once(bench, program, PLAIN)
    steps = int(50 * seconds / short.wall)
    (folder / "train.py").write_text(TRAIN.replace("STEPS", str(steps)), encoding="utf-8")
    return program


def _once(bench: Bench, program: Program, name: str) -> tuple[Cost, Cost, int]:
    """Return what the training took, what followed it, and the bytes read at the seal."""
    words = [str(bench.python), *program.arguments]
    environ = {**bench.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    if name != PLAIN:
        words = [str(bench.anew), "run", *words]
        store = bench.place / f"store-{name == OFF}"
        environ |= {"ANEW_HOME": str(store), "XDG_CACHE_HOME": str(store / "cache")}
        if name != AGAIN:
            subprocess.run(["rm", "-rf", str(store)], check=True)
    off = "[store]\nbeside = false\n" if name == OFF else ""
    (program.folder / "anew.toml").write_text(off, encoding="utf-8")
    whole = measuring.once(measuring.Way(name, words, program.folder, environ))
    times = json.loads(Path(program.folder, "times.json").read_text(encoding="utf-8"))
    own = Cost(times["wall"], times["cpu"])
    at_seal = 0
    if name != PLAIN:
        done = subprocess.run([str(bench.anew), "show", "@1", "--json"], cwd=program.folder,
                              env=environ, capture_output=True, check=True)  # fmt: skip
        at_seal = json.loads(done.stdout)["sealing"]["hashed_b"]
    return own, Cost(whole.wall - own.wall, whole.cpu - own.cpu), at_seal


def _wall(cost: Cost) -> float:
    return cost.wall


def _cpu(cost: Cost) -> float:
    return cost.cpu
