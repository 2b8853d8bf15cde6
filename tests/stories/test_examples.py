"""Each bundled example is recorded, deleted, and replayed with the network cut: identical."""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest

from anew.execute.preload import library
from tests.conftest import Anew

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS = Path(os.environ.get("ANEW_EXAMPLES", Path(sys.executable).parent))
ALL: dict[str, dict[str, Any]] = tomllib.loads((EXAMPLES / "examples.toml").read_text())
NATIVE = library(Path(tempfile.mkdtemp())) is not None
CUT = ["unshare", "--user", "--map-root-user", "--net"]


def missing(modules: list[str]) -> list[str]:
    code = "import importlib.util, sys; print(*[m for m in sys.argv[1:] if not importlib.util.find_spec(m)])"
    done = subprocess.run(
        [PROGRAMS / "python", "-c", code, *modules], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize("name", ALL)
def test_example_replays_identically(name: str, anew: Anew) -> None:
    example = ALL[name]
    lacking = missing(example["needs"])
    if lacking:
        pytest.skip(f"needs {', '.join(lacking)}: python3 tools/test.py --examples installs them")
    shutil.copytree(EXAMPLES / name, anew.project, dirs_exist_ok=True)
    anew.environ["PATH"] = f"{PROGRAMS}:{anew.variables()['PATH']}"
    variables = anew.variables()
    if "setup" in example:
        subprocess.run(example["setup"], cwd=anew.project, env=variables, check=True)

    recorded = anew("run", "--name", name, "--", *example["command"], timeout=300)
    assert (
        f"coverage {example.get('coverage' if NATIVE else 'coverage_in_process', 100)} %"
        in recorded.stderr
    )
    for path in example.get("wipe", []):
        shutil.rmtree(anew.project / path)
    shutil.rmtree(anew.project)
    cut = (
        CUT
        if subprocess.run([*CUT, "true"], check=False, capture_output=True).returncode == 0
        else []
    )
    done = subprocess.run(
        [*cut, sys.executable, "-m", "anew", "replay", name, "--offline"],
        cwd="/", env=variables, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert done.stdout.startswith("anew: identical · "), done.stdout + done.stderr
    assert done.returncode == 0
