"""Environments: Anew's own, and one for each peer, made in `.venv-bench` when first needed."""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv-bench"
ANEW = ROOT / ".venv" / "bin"


class Unavailable(Exception):
    """What is to be measured cannot be had here, and why."""


def anew() -> Path:
    """Return the `anew` command of this working copy.

    Raises:
        Unavailable: it was never set up.
    """
    command = ANEW / "anew"
    if not command.exists():
        raise Unavailable("Anew is not set up: `python3 tools/test.py` does that")
    return command


def programs(name: str, *packages: str) -> Path:
    """Return the folder of programs of the environment `name` with those packages in it.

    Raises:
        Unavailable: they cannot be installed.
    """
    place = FOLDER / name
    stamp = place / "installed"
    if not stamp.exists():
        print(f"# installing {' '.join(packages)}", file=sys.stderr, flush=True)
        venv.create(place, with_pip=True)
        command = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages]
        done = subprocess.run(
            command if packages else ["true"],
            capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
        if done.returncode:
            last = [line for line in done.stderr.splitlines() if line.startswith("ERROR")][-1:]
            raise Unavailable(f"cannot be installed: {' '.join(last)[:120]}")
        stamp.touch()
    return place / "bin"


def wheels(name: str, *packages: str) -> Path:
    """Return a folder with wheels of those packages and all that they need.

    Raises:
        Unavailable: they cannot be fetched.
    """
    place = FOLDER / f"wheels-{name}"
    stamp = place / "fetched"
    if not stamp.exists():
        place.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:",
                   "--dest", str(place), *packages]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        if done.returncode:
            last = [line for line in done.stderr.splitlines() if line.startswith("ERROR")][-1:]
            raise Unavailable(f"cannot be fetched: {' '.join(last)[:120]}")
        stamp.touch()
    return place


def variables(place: Path) -> dict[str, str]:
    """Return the variables of a program that must not see this user's own stores and settings."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    home = place / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {
        **kept,
        "HOME": str(home),
        "ANEW_HOME": str(place / "store"),
        "XDG_CACHE_HOME": str(place / "cache"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_AUTHOR_NAME": "b", "GIT_AUTHOR_EMAIL": "b@example.org",
        "GIT_COMMITTER_NAME": "b", "GIT_COMMITTER_EMAIL": "b@example.org",
    }  # fmt: skip
