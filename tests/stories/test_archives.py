"""The environment of a run comes back from its archive, and nothing else passes for it."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import wheelhouse
from tests.cli.conftest import check
from tests.conftest import Anew

USE = """
import random, sys
import demo
print(demo.ANSWER, demo._heapq.heappop([3]), random.random())
open("out.txt", "w").write(f"{sys.prefix} {sys.executable} {demo.__file__}")
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "an own place" / "venv"


@pytest.fixture
def recorded(anew: Anew, place: Path) -> Anew:
    """A run in an environment of its own, outside the project; its name has spaces."""
    wheelhouse.make(place, wheelhouse.demo(anew.home / "wheels"))
    anew.write("use.py", USE)
    anew("run", "--name", "used", f"{place}/bin/python", "use.py")
    return anew


@pytest.fixture
def archived(recorded: Anew) -> Anew:
    recorded("env", "archive", "used")
    return recorded


def replayed(anew: Anew, run: str = "used", exit_code: int | None = 0) -> dict[str, Any]:
    return check(anew.json("replay", run, "--offline", check=exit_code))


def environment_of(anew: Anew, run: str) -> dict[str, Any]:
    found: dict[str, Any] = anew.json("show", run)["recipe"]["environment"]
    return found


def test_it_comes_back_when_it_is_gone(archived: Anew, place: Path) -> None:
    shutil.rmtree(place)
    document = replayed(archived)

    assert document["verdict"] == "identical"
    assert document["restored"]["environment"]["exact"]
    assert "from the archive" in document["restored"]["environment"]["note"]
    assert not place.exists()
    again = environment_of(archived, document["run"])
    assert again["digest"] == environment_of(archived, "used")["digest"]
    assert [each["name"] for each in again["packages"]] == ["demo"]
    assert replayed(archived)["verdict"] == "identical"


def test_a_second_archive_adds_nothing(archived: Anew) -> None:
    before = size(archived.store)
    document = check(archived.json("env", "archive", "used"))
    assert document["added_b"] == 0
    assert size(archived.store) - before < 4096  # an entry of the ledger


def test_ten_environments_take_little_more_room_than_one(archived: Anew, tmp_path: Path) -> None:
    one = size(archived.store)
    for number in range(9):
        other = tmp_path / f"number {number}"
        wheel = wheelhouse.wheel(other / "own", "own", f"1.{number}", {"own.py": b"x = 1\n"})
        wheelhouse.make(other / "venv", wheelhouse.demo(archived.home / "wheels"), wheel)
        name = f"n{number}"
        archived("run", "--name", name, f"{other}/venv/bin/python", "use.py")
        assert check(archived.json("env", "archive", name))["added_b"] < 20_000
    assert size(archived.store) < 1.6 * one  # ten records and their lists too, on 0.3 MB


def test_byte_compiled_files_are_valid_where_they_come_back(archived: Anew, place: Path) -> None:
    archived.write("valid.py", "import demo, importlib.util as u, os, sys\n"
                   "print(os.path.getmtime(demo.__cached__), open(demo.__cached__, 'rb').read())\n"
                   "print(int.from_bytes(open(demo.__cached__, 'rb').read(12)[8:], 'little')"
                   " == int(os.stat(demo.__file__).st_mtime))\n")  # fmt: skip
    archived("run", "--name", "valid", f"{place}/bin/python", "valid.py")
    shutil.rmtree(place)
    assert replayed(archived, "valid")["verdict"] == "identical"
    assert archived("logs", "valid").stdout.endswith("True\n")


def test_what_is_laid_out_cannot_be_written_to(archived: Anew, place: Path) -> None:
    archived.write("spoil.py", "import demo, os\nopen(demo.__file__, 'a').write('# more')\n")
    archived("run", "--name", "spoil", f"{place}/bin/python", "spoil.py")
    archived("env", "archive", "used", check=33)  # the run changed its own environment
    shutil.rmtree(place)
    document = replayed(archived)
    assert document["verdict"] == "identical"
    archived("verify")


def change_source(place: Path) -> None:
    path = wheelhouse.site(place) / "demo" / "__init__.py"
    path.write_bytes(path.read_bytes().replace(b"42", b"43"))


def change_library(place: Path) -> None:
    (path,) = (wheelhouse.site(place) / "demo").glob("_heapq*")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def add(place: Path) -> None:
    (wheelhouse.site(place) / "demo" / "more.py").write_text("x = 1\n")


def add_on_top(place: Path) -> None:
    (wheelhouse.site(place) / "sitecustomize.py").write_text("x = 1\n")


def remove(place: Path) -> None:
    (wheelhouse.site(place) / "demo" / "script.py").unlink()


def install_other(place: Path) -> None:
    other = wheelhouse.demo(place.parent / "other", answer=43)
    wheelhouse.install(place / "bin" / "python", other)


CHANGES = [
    (change_source, "demo: demo/__init__.py is changed"),
    (change_library, "demo: demo/_heapq"),
    (add, "demo/more.py was added"),
    (add_on_top, "sitecustomize.py was added"),
    (remove, "demo: demo/script.py is gone"),
    (install_other, "demo 1.0 has other files than the recorded one"),
]


@pytest.mark.parametrize(("change", "named"), CHANGES)
def test_another_environment_is_refused_by_name(
    recorded: Anew, place: Path, change: Callable[[Path], None], named: str
) -> None:
    change(place)
    refused = recorded("env", "archive", "used", check=33)
    assert named in refused.stderr
    assert recorded.json("env", "archive", "used", check=33)["error"]["code"] == "cannot-archive"


@pytest.mark.parametrize(("change", "named"), CHANGES)
def test_a_changed_environment_is_not_used_but_the_archived_one(
    archived: Anew, place: Path, change: Callable[[Path], None], named: str
) -> None:
    change(place)
    document = replayed(archived)
    assert document["verdict"] == "identical"
    note = document["restored"]["environment"]["note"]
    assert "from the archive" in note
    assert named in note


def laid_out(anew: Anew) -> Path:
    (found,) = (path for path in (anew.store / "environments").iterdir() if path.is_dir())
    return found


def stay_in_time(change: Callable[[Path], None], tree: Path) -> None:
    """Change a file in the tree, then put its time of change back."""
    before = {path: path.lstat() for path in tree.rglob("*") if not path.is_symlink()}
    change(tree)
    for path, status in before.items():
        if path.exists():
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_what_lies_there_unchanged_is_used_without_being_read(
    archived: Anew, place: Path
) -> None:  # fmt: skip
    """Also where scripts, links and byte-compiled files name the place of the environment."""
    shutil.rmtree(place)
    replayed(archived)
    tree = laid_out(archived) / "trees" / "0"
    before = {path: path.lstat().st_ino for path in tree.rglob("*")}
    time.sleep(2.1)  # a file that changed lately is read once more
    for _ in range(2):
        assert replayed(archived)["verdict"] == "identical"
        assert {path: path.lstat().st_ino for path in tree.rglob("*")} == before
    script = tree / "bin" / "demo"
    assert script.read_text().startswith(f"#!{place}/bin/python\n") or str(place) in (
        script.read_text()
    )
    assert str(archived.store) not in script.read_text()


@pytest.mark.parametrize("uses", [1, 3])
@pytest.mark.parametrize(("change", "named"), CHANGES[:5])
def test_what_was_laid_out_before_is_looked_at_again(
    archived: Anew, place: Path, change: Callable[[Path], None], named: str, uses: int
) -> None:
    """Also where it was proved before, and the time of the file is put back."""
    del named
    shutil.rmtree(place)
    for use in range(uses):
        time.sleep(2.1 if use else 0)
        replayed(archived)
    tree = laid_out(archived) / "trees" / "0"
    if change is change_library:  # it is the store's own file: give it one of its own
        (path,) = (wheelhouse.site(tree) / "demo").glob("_heapq*")
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)
    stay_in_time(change, tree)
    document = replayed(archived)
    assert document["verdict"] == "identical"
    assert document["restored"]["environment"]["exact"]
    demo = wheelhouse.site(laid_out(archived) / "trees" / "0")
    assert "42" in (demo / "demo" / "__init__.py").read_text()
    assert (demo / "demo" / "script.py").exists()
    assert not (demo / "demo" / "more.py").exists()
    assert not (demo / "sitecustomize.py").exists()


def test_a_lost_file_of_the_archive_is_named(archived: Anew, place: Path) -> None:
    shutil.rmtree(place)
    for path in (archived.store / "objects").rglob("*"):
        if path.is_file() and path.stat().st_size < 1_000_000:
            path.unlink()
    document = replayed(archived, exit_code=12)
    assert document["verdict"] == "not replayed"
    faults = check(archived.json("verify", "used", check=12))["faults"]
    assert any("_heapq" in fault["path"] for fault in faults)


def test_a_damaged_file_of_the_archive_is_never_used(archived: Anew, place: Path) -> None:
    shutil.rmtree(place)
    for path in (archived.store / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            data = bytearray(path.read_bytes())
            data[-1] ^= 1
            path.write_bytes(data)
    assert replayed(archived, exit_code=12)["verdict"] == "not replayed"


def test_another_run_at_another_place_shares_it(archived: Anew, tmp_path: Path) -> None:
    other = tmp_path / "other"
    wheelhouse.make(other, wheelhouse.demo(archived.home / "wheels"))
    archived("run", "--name", "elsewhere", f"{other}/bin/python", "-m", "demo.script", check=None)
    archived.write("call.py", "import subprocess, sys\n"
                   "subprocess.run([sys.prefix + '/bin/demo'], check=True)\n")  # fmt: skip
    archived("run", "--name", "script", f"{other}/bin/python", "call.py")
    shutil.rmtree(other)
    document = replayed(archived, "script")
    assert document["verdict"] == "identical"
    assert str(other) in archived("logs", "script").stdout
    for _ in range(2):  # what was written anew for that place is used again, if it is as it was
        tree = laid_out(archived) / "trees" / "0"
        before = {path: path.lstat().st_ino for path in tree.rglob("*")}
        assert replayed(archived, "script")["verdict"] == "identical"
        assert {path: path.lstat().st_ino for path in tree.rglob("*")} == before
    script = tree / "bin" / "demo"
    script.write_text(script.read_text().replace("import", "print('no')\nimport"))
    assert replayed(archived, "script")["verdict"] == "identical"
    assert "print('no')" not in (tree / "bin" / "demo").read_text()


def test_removing_the_last_run_frees_the_archive(archived: Anew, place: Path) -> None:
    archived("run", "--name", "second", f"{place}/bin/python", "use.py")
    archived("rm", "used", "--yes")
    shutil.rmtree(place)
    assert replayed(archived, "second")["verdict"] == "identical"
    archived("verify")
    before = size(archived.store)
    for run in archived.json("ls", "--all", "--replays")["runs"]:
        archived("rm", run["id"], "--yes")
    assert size(archived.store) < before / 5
    assert not [path for path in (archived.store / "environments").iterdir() if path.is_dir()]
    archived("verify")


def size(folder: Path) -> int:
    seen = {}
    for path in folder.rglob("*"):
        status = os.lstat(path)
        seen[status.st_ino] = status.st_size
    return sum(seen.values())


def test_another_shared_library_is_named_and_given_back(
    anew: Anew, place: Path, tmp_path: Path
) -> None:
    wheelhouse.make(place)
    blas = tmp_path / "usr" / "libblas.so.3"
    blas.parent.mkdir()
    shutil.copy(wheelhouse.native("_heapq"), blas)
    anew.write("load.py", f"import ctypes\nctypes.CDLL({str(blas)!r})\n"
               "print(open('/proc/self/maps').read().count('libblas') > 0)\n")  # fmt: skip
    anew("run", "--name", "loads", f"{place}/bin/python", "load.py")
    assert str(blas) in [each["path"] for each in environment_of(anew, "loads")["libraries"]]
    anew("env", "archive", "loads")
    mine = blas.read_bytes()
    shutil.copy(wheelhouse.native("_bisect"), blas)

    document = anew.json("replay", "loads", "--offline", check=None)
    environment = document["restored"]["environment"]
    assert not environment["exact"]
    assert f"shared library {blas} is another" in environment["note"]

    blas.write_bytes(mine)
    anew("env", "archive", "loads", "--libraries")
    shutil.copy(wheelhouse.native("_bisect"), blas)
    environment = replayed(anew, "loads")["restored"]["environment"]
    assert environment["exact"]
    assert f"given back from the archive: {blas}" in environment["note"]
