"""Asks an interpreter what it is, by running it once."""

import os
import subprocess
from collections.abc import Mapping

import msgspec

from anew.facets.spool import Process
from anew.model.errors import NoEnvironment

TIMEOUT = 60.0  # seconds
# Runs in the experiment's interpreter, of any supported version: prints what a run's first event
# holds. `-I` would hide the user's own site folder, which the run saw.
QUESTION = """
import json, os, platform, sys
print(json.dumps({
    "pid": os.getpid(), "executable": sys.executable, "prefix": sys.prefix,
    "base_prefix": sys.base_prefix, "implementation": platform.python_implementation(),
    "version": platform.python_version(), "build": sys.version, "platform": sys.platform + "-" +
    os.uname().machine, "path": sys.path,
}))
"""


def ask(executable: str, environ: Mapping[str, str]) -> Process:
    """Return what the interpreter at `executable` says of itself.

    Raises:
        NoEnvironment: it is not there, or cannot be run.
    """
    variables = {
        name: value for name, value in environ.items() if not name.startswith(("ANEW_", "PYTHON"))
    }
    try:
        done = subprocess.run(
            [executable, "-c", QUESTION],
            capture_output=True, timeout=TIMEOUT, check=True, cwd="/", env=variables,
        )  # fmt: skip
        return msgspec.json.decode(done.stdout, type=Process)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError) as error:
        raise NoEnvironment(
            f"the interpreter {executable} cannot be used",
            why=str(error),
            hint="restore it, or let the environment be rebuilt: `anew replay RUN`",
        ) from error


def version_of(executable: str) -> str | None:
    """Return `major.minor.micro` of an interpreter; None where it cannot be run."""
    if not os.access(executable, os.X_OK):
        return None
    try:
        return ask(executable, os.environ).version
    except NoEnvironment:
        return None
