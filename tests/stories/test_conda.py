"""A conda environment is recorded whole, comes back from its archive, and nothing passes for it."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import condahouse
from tests.cli.conftest import check
from tests.conftest import Anew

USE = """
import ctypes, os, random, subprocess, sys
import demo
library = ctypes.CDLL(sys.prefix + "/lib/libblas.so.3")
data = open(sys.prefix + "/lib/libblas.so.3", "rb").read()
print(demo.ANSWER, random.random(), sys.executable, data[data.rindex(b"prefix: "):], flush=True)
subprocess.run(["demo"], check=True)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[condahouse.Made]:
    return condahouse.packages(tmp_path_factory.mktemp("made"))


@pytest.fixture(params=["by hand", "by a client"])
def place(
    request: pytest.FixtureRequest, made: list[condahouse.Made], tmp_path: Path
) -> Path:  # fmt: skip
    """A conda environment of three packages."""
    if request.param == "by a client" and importlib.util.find_spec("rattler") is None:
        pytest.skip("py-rattler is not installed: `pip install py-rattler`")
    prefix = tmp_path / "conda-envs" / "small"
    install = condahouse.install if request.param == "by hand" else condahouse.by_client
    install(prefix, tmp_path / "channel", made)
    return prefix


@pytest.fixture
def recorded(anew: Anew, place: Path) -> Anew:
    anew.environ = {"CONDA_PREFIX": str(place), "CONDA_DEFAULT_ENV": "small",
                    "PATH": f"{place}/bin:/usr/bin:/bin"}  # fmt: skip
    anew.write("use.py", USE)
    anew("run", "--name", "used", "use.py")
    return anew


def replayed(anew: Anew, *words: str) -> dict[str, Any]:
    return check(anew.json("replay", "used", "--offline", *words))


def test_it_comes_back_whole_when_it_is_gone(recorded: Anew, place: Path, tmp_path: Path) -> None:
    shown = check(recorded.json("env", "show", "used"))
    assert shown["manager"] == "conda"
    found = {each["name"]: each for each in shown["packages"]}
    assert found.keys() >= {"conda/python", "conda/libblas", "conda/demo", "demo"}
    assert found["conda/libblas"]["version"] == "3.9=0"
    assert [each for each in shown["packages"] if each["changed"]] == []

    check(recorded.json("env", "archive", "used"))
    before = recorded("logs", "used").stdout
    assert str(place) in before
    shutil.rmtree(place)
    shutil.rmtree(tmp_path / "channel")
    for words in ((), ("--isolate",), ("--isolate",)):
        document = replayed(recorded, *words)
        assert document["verdict"] == "identical"
        assert document["restored"]["environment"]["exact"], document["restored"]["environment"]
        assert "from the archive" in document["restored"]["environment"]["note"]

    lock = tmp_path / "lock"  # from the record: nothing of the environment lies here any more
    check(recorded.json("env", "lock", "used", "--format", "environment.yml", "-o", str(lock)))
    text = (lock / "environment.yml").read_text()
    assert f"  - file://{tmp_path}/channel\n" in text
    assert "  - libblas=3.9=0\n" in text
    assert "pip:" not in text
    first, *lines = (lock / "explicit.txt").read_text().splitlines()
    assert first == "@EXPLICIT"
    assert len(lines) == 3
    for line in lines:
        url, _, digest = line.partition("#sha256:")
        assert url.startswith(f"file://{tmp_path}/channel/linux-64/")
        assert len(digest) == 64


def test_it_is_rebuilt_at_another_place(recorded: Anew, tmp_path: Path) -> None:
    other = tmp_path / "other"
    check(recorded.json("env", "archive", "used"))
    rebuilt = check(recorded.json("env", "rebuild", "used", "--offline", "-o", str(other)))
    assert rebuilt["exact"]
    recorded.environ |= {"CONDA_PREFIX": str(other), "PATH": f"{other}/bin:/usr/bin:/bin"}
    recorded("run", "--name", "moved", "use.py")
    text = recorded("logs", "moved").stdout
    assert f"prefix: {other}/share\\x00" in text
    assert text.splitlines()[1] == f"42 {other}"
    one, two = (recorded.json("show", run)["recipe"]["environment"] for run in ("used", "moved"))
    assert one["digest"] == two["digest"]


def change_library(place: Path) -> None:
    path = place / "lib" / "libreference.so"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.unlink()
    path.write_bytes(data)


def choose_another(place: Path) -> None:
    (place / "lib" / "libblas.so.3").unlink()
    (place / "lib" / "libblas.so.3").symlink_to("libfast.so")


def change_script(place: Path) -> None:
    path = place / "bin" / "demo"
    text = path.read_text()
    path.unlink()
    path.write_text(text + "# more\n")
    path.chmod(0o755)


def change_module(place: Path) -> None:
    path = place / condahouse.SITE / "demo" / "__init__.py"
    path.unlink()
    path.write_text("ANSWER = 43\n")


def change_stdlib(place: Path) -> None:
    path = place / "lib" / condahouse.MINOR / "random.py"
    text = path.read_text()
    path.unlink()
    path.write_text(text + "# more\n")


def remove(place: Path) -> None:
    (place / "lib" / "libfast.so").unlink()


CHANGES = [
    (change_library, "conda/libblas: lib/libreference.so is changed"),
    (choose_another, "conda/libblas: lib/libblas.so.3 is changed"),
    (change_script, "conda/demo: bin/demo is changed"),
    (change_module, "demo: demo/__init__.py is changed"),
    (change_stdlib, f"conda/python: lib/{condahouse.MINOR}/random.py is changed"),
    (remove, "conda/libblas: lib/libfast.so is gone"),
]


@pytest.mark.parametrize("place", ["by hand"], indirect=True)
def test_another_one_does_not_pass_for_it(recorded: Anew, place: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(place, whole, symlinks=True)

    def changed(change: Callable[[Path], None]) -> dict[str, Any]:
        shutil.rmtree(place)
        shutil.copytree(whole, place, symlinks=True)
        change(place)
        return recorded.json("replay", "used", "--offline", check=None)

    for change, named in CHANGES:
        document = changed(change)
        assert document["verdict"] == "not replayed"
        assert named in document["reason"]
    assert changed(lambda _: None)["verdict"] == "identical"
    check(recorded.json("env", "archive", "used"))
    for change, named in CHANGES[:3]:
        document = changed(change)
        assert document["verdict"] == "identical"
        assert named in document["restored"]["environment"]["note"]
