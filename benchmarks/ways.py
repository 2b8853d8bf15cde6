"""Ways: one program run plainly, by Anew and by each peer that can be had here."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import environments
from measuring import Way
from programs import Program

PLAIN, ANEW = "plain python", "anew run"
AUTOLOG = """\
import runpy, sys
import mlflow
mlflow.autolog(silent=True)
sys.argv = sys.argv[1:]
with mlflow.start_run():
    if sys.argv[0] == "-c":
        exec(sys.argv[1])
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")
"""
QUIET = {"DO_NOT_TRACK": "1", "REPROZIP_USAGE_STATS": "off", "MLFLOW_DISABLE_TELEMETRY": "true"}


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements share: a folder, variables, the interpreter and Anew's command."""

    place: Path
    environ: Mapping[str, str]
    python: Path
    anew: Path


def ways_of(
    program: Program, bench: Bench, say: Callable[[str], None], *, peers: bool = True
) -> list[Way]:
    """Return how to run `program`: plainly first, by Anew second; peers that lack are named."""
    words = [str(bench.python), *program.arguments]
    ways = [
        Way(PLAIN, words, program.folder, bench.environ),
        Way(ANEW, [str(bench.anew), "run", *words], program.folder, bench.environ),
    ]
    for make in (_reprozip, _roar, _mlflow) if peers else ():
        try:
            ways.append(make(program, words, bench))
        except environments.Unavailable as error:
            say(f"{make.__name__.strip('_')} is left out: {error}")
    return ways


def _reprozip(program: Program, words: list[str], bench: Bench) -> Way:
    place = environments.programs("reprozip", "reprozip")
    trace = bench.place / "reprozip" / program.folder.name
    trace.parent.mkdir(exist_ok=True)
    command = [str(place / "reprozip"), "-d", str(trace), "trace", "--overwrite", *words]
    return Way("reprozip trace (not packed)", command, program.folder, {**bench.environ, **QUIET})


def _roar(program: Program, words: list[str], bench: Bench) -> Way:
    roar = str(environments.programs("roar", "roar-cli") / "roar")
    environ = {**bench.environ, **QUIET}
    settings = ("config", "set", "filters.ignore_tmp_files", "false")  # what we measure lies there
    for setting in (("init", "--no"), settings):
        done = subprocess.run(
            [roar, *setting], cwd=program.folder, env=environ, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise environments.Unavailable(f"`roar {' '.join(setting)}`: {done.stderr[-120:]}")
    command = [roar, "run", "--quiet", "--tracer", "preload", *words]
    return Way("roar run (preload)", command, program.folder, environ)


def _mlflow(program: Program, words: list[str], bench: Bench) -> Way:
    script = bench.place / "autolog.py"
    script.write_text(AUTOLOG, encoding="utf-8")
    database = bench.place / "mlflow"
    database.mkdir(exist_ok=True)
    environ = {**bench.environ, **QUIET, "MLFLOW_TRACKING_URI": f"sqlite:///{database}/mlflow.db"}
    return Way("mlflow autolog", [words[0], str(script), *words[1:]], program.folder, environ)
