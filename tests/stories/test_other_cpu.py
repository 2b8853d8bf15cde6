"""A run of a smaller CPU, replayed on this one; the smaller CPU is a /proc/cpuinfo that says so."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from anew.facets import hardware
from anew.judge.dispatch import Level, level_of
from tests.conftest import ANEW, Anew

SCRIPT = """
import os
print("trained")
if os.environ.get("ATEN_CPU_CAPABILITY"):
    import numpy as np
    from numpy._core._multiarray_umath import __cpu_features__ as features
    print("AVX512", features["AVX512_SKX"], "AVX2", features["AVX2"], np.dot([1.0], [2.0]))
"""


def recorded_on(anew: Anew, flags: list[str], tmp_path: Path) -> None:
    """Record `train.py` where the CPU says to have none of `flags`."""
    text = Path("/proc/cpuinfo").read_text()
    fake = tmp_path / "cpuinfo"
    fake.write_text(re.sub(rf"\b({'|'.join(flags)})\b ?", "", text))
    bind = f'mount --bind "{fake}" /proc/cpuinfo && exec "$@"'
    apart = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", bind, "sh"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no user namespaces here")
    subprocess.run(
        [*apart, *ANEW, "run", "--name", "a", "train.py"],
        cwd=anew.project, env=anew.variables(), capture_output=True, check=True,
    )  # fmt: skip


@pytest.fixture
def smaller(anew: Anew, tmp_path: Path) -> Anew:
    level = level_of(hardware.features())
    if level is None or level < Level.AVX512:
        pytest.skip("this CPU has no AVX-512 that could be left out")
    anew.write("train.py", SCRIPT)
    recorded_on(anew, [r"avx512\w*"], tmp_path)
    return anew


def test_a_larger_cpu_is_named_and_the_way_to_imitate_the_recorded_one(smaller: Anew) -> None:
    restored = smaller.json("replay", "a")["restored"]["cpu"]

    assert restored["exact"] is False
    assert "--like-recorded-cpu" in restored["note"]


def test_libraries_choose_as_on_the_recorded_cpu(smaller: Anew) -> None:
    pytest.importorskip("numpy")
    document = smaller.json("replay", "a", "--like-recorded-cpu", check=10)
    logs = smaller("logs", document["run"])

    assert "AVX512 False AVX2 True 2.0" in logs.stdout
    assert "Warning" not in json.dumps(document["items"])
    assert document["restored"]["cpu"]["note"].startswith("AVX2 on a CPU with AVX-512, by ")


def test_a_smaller_cpu_is_named_as_what_may_make_a_difference(anew: Anew, tmp_path: Path) -> None:
    if (level_of(hardware.features()) or Level.SSE2) < Level.AVX2:
        pytest.skip("this CPU has no AVX2 that could be left out")
    anew.write("train.py", "print(1)\n")
    anew("run", "--name", "large", "train.py")
    anew.write("train.py", "print(2)\n")
    recorded_on(anew, [r"avx512\w*", "avx2", "fma"], tmp_path)  # "a": the smaller one
    fake = tmp_path / "cpuinfo"
    bind = f'mount --bind "{fake}" /proc/cpuinfo && exec "$@"'
    apart = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", bind, "sh"]
    done = subprocess.run(
        [*apart, sys.executable, "-m", "anew", "replay", "large", "--json"],
        cwd=anew.project, env=anew.variables(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    restored = json.loads(done.stdout)["restored"]["cpu"]

    assert restored["exact"] is False
    assert "this CPU has AVX only" in restored["note"]
