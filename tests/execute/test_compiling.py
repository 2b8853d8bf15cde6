"""The recorder as the launcher compiles it: for which interpreters, and what they do with it."""

import os
import shutil
import sys
import time
import venv
from pathlib import Path

import pytest

from anew.execute import compiling
from tests.conftest import Anew

TAG = f"code.cpython-3{sys.version_info[1]}"
SHOW = """
import sys
print(sys.modules["_anew_probe"].__spec__.origin, "gc" in sys.modules)
"""


@pytest.fixture
def copied(tmp_path: Path) -> str:
    """Return the interpreter of an environment that has a copy of it, named without a version."""
    venv.create(tmp_path / "environment", symlinks=False)
    return str(tmp_path / "environment" / "bin" / "python")


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="compiled for CPython only")
def test_an_environment_with_a_copy_of_the_interpreter_says_what_it_is(
    copied: str, tmp_path: Path
) -> None:
    compiling.put_recorder(copied, tmp_path / "cache", tmp_path)
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("code.")] == [TAG]


@pytest.mark.parametrize("said", ["", "version = 2.7.18", "version = 3.x", "home = /usr/bin"])
def test_nothing_is_compiled_for_what_is_no_python_we_know(said: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "python"
    shutil.copy("/bin/true", program)
    (tmp_path / "pyvenv.cfg").write_text(said)
    compiling.put_recorder(str(program), tmp_path / "cache", tmp_path)
    assert not [each for each in tmp_path.iterdir() if each.name.startswith("code.")]


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="compiled for CPython only")
def test_processes_take_it_and_need_no_sources(anew: Anew, copied: str) -> None:
    anew.write("show.py", SHOW)
    program = os.path.realpath(copied)
    for words in ([program, "show.py"], [program, "-I", "-S", "show.py"]):
        assert anew("run", *words).stdout == "<anew>/__init__.py False\n"
        assert anew.json("show", "@1", "--json")["coverage"]["gaps"] == []


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="compiled for CPython only")
@pytest.mark.parametrize("damage", [b"", b"\0" * 4096, b"garbage" * 4096])
def test_what_is_not_what_we_compiled_is_not_loaded(anew: Anew, copied: str, damage: bytes) -> None:
    anew.write("show.py", SHOW)
    anew("run", copied, "show.py")
    (kept,) = anew.home.glob(".cache/anew/recorder-*")
    kept.write_bytes(damage)
    done = anew("run", copied, "show.py")
    assert done.stdout.endswith("/anew/probe/__init__.py False\n")
    assert anew.json("show", "@1", "--json")["coverage"]["gaps"] == []


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="compiled for CPython only")
def test_what_a_program_writes_into_its_spool_reaches_no_other_run(
    copied: str, tmp_path: Path
) -> None:
    compiling.put_recorder(copied, tmp_path / "cache", tmp_path)
    (kept,) = (tmp_path / "cache").iterdir()
    before = kept.read_bytes()
    (tmp_path / TAG).write_bytes(b"changed")
    assert kept.read_bytes() == before
    assert kept.stat().st_nlink == 1


def test_a_recorder_that_is_installed_again_is_compiled_again(tmp_path: Path) -> None:
    """Also where it has the sizes and times of the one before, as files of a wheel may."""
    part = tmp_path / "part.py"
    states = set()
    for text in ("1\n", "2\n"):
        part.write_text(text)
        os.utime(part, (315532800, 315532800))
        states.add(compiling._state(str(tmp_path)))
        time.sleep(0.02)
    assert len(states) == 2
