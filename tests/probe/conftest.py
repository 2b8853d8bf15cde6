"""A spool made as the launcher makes it, and interpreters run into it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.probe.spools import Spool

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def interpreter(version: str) -> str | None:
    """Find a Python of that version: on the path, or beside the one a version manager gave us."""
    beside = Path(sys.base_prefix).parent
    found = sorted(beside.glob(f"{version}.*/bin/python"))
    for candidate in (shutil.which(f"python{version}"), *map(str, found)):
        if candidate is None:
            continue
        try:
            code = "import sys; print('%d.%d' % sys.version_info[:2], sys._base_executable)"
            said = subprocess.run(
                [candidate, "-c", code], capture_output=True, text=True, check=False
            )
        except OSError:
            continue
        found_version, _, base = said.stdout.strip().partition(" ")
        if found_version == version:
            return base or candidate  # what a virtual environment was made from: nothing installed
    return None


@pytest.fixture(params=VERSIONS, scope="session")
def python(request: pytest.FixtureRequest) -> str:
    found = interpreter(request.param)
    if found is None:
        pytest.skip(f"Python {request.param} is not here")
    return found


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path)
