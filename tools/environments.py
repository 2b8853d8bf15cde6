"""Makes the virtual environments that the other tools use. Needs Python 3.11 and nothing else."""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OWN = ROOT / ".venv"
EXAMPLES = ROOT / ".venv-examples"
LEAST = (3, 11)


def own(*, dev: bool) -> Path:
    """Return the folder of programs of an environment with Anew in it, made if it is not there."""
    programs = _made(OWN)
    stamp = OWN / ("anew-dev" if dev else "anew-installed")
    if not stamp.exists():
        _say("installing Anew" + (" and its test tools" if dev else "") + ": about a minute")
        _pip(programs, "--upgrade", "pip>=25.1")
        _pip(
            programs,
            "--editable",
            str(ROOT),
            *(["--group", f"{ROOT}/pyproject.toml:dev"] if dev else []),
        )
        stamp.touch()
    return programs


def examples() -> Path:
    """Return the folder of programs of an environment with what the examples need."""
    programs = _made(EXAMPLES)
    stamp = EXAMPLES / "examples-installed"
    if not stamp.exists():
        _say("installing what the examples need: a few minutes")
        _pip(programs, "--requirement", str(ROOT / "examples" / "requirements.txt"))
        stamp.touch()
    more = ROOT / "tests" / "conformance" / "requirements.txt"
    stamp = EXAMPLES / "conformance-installed"
    if not stamp.exists():
        _say("installing what the ways of reading and writing are tried with: a minute")
        _pip(programs, "--requirement", str(more))
        stamp.touch()
    return programs


def _made(place: Path) -> Path:
    if sys.version_info < LEAST:
        sys.exit(
            f"Python {LEAST[0]}.{LEAST[1]} or later is needed, this is {sys.version.split()[0]}"
        )
    if not (place / "bin" / "python").exists():
        venv.create(place, with_pip=True)
    return place / "bin"


def _pip(programs: Path, *words: str) -> None:
    command = [str(programs / "python"), "-m", "pip", "install", "--quiet", *words]
    environ = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run(command, check=True, env=environ, cwd=ROOT)


def _say(text: str) -> None:
    print(f"# {text}", file=sys.stderr, flush=True)
