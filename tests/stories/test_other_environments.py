"""An environment that is another one is never taken for the recorded one, and each change is named.

Here nothing is archived: what differs is known from the record and from what lies here alone.
"""

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
from tests.stories.test_archives import (
    add,
    add_on_top,
    change_library,
    change_source,
    install_other,
    remove,
)

USE = "import demo\nprint(demo.ANSWER, demo._heapq.heappop([3]))\n"
LIBRARY = "_heapq" + wheelhouse.SUFFIX


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "venv"


@pytest.fixture
def used(anew: Anew, place: Path) -> Anew:
    wheelhouse.make(place, wheelhouse.demo(place.parent / "wheels"))
    anew.write("use.py", USE)
    anew("run", "--name", "used", f"{place}/bin/python", "use.py")
    return anew


def swap_libraries(place: Path) -> None:
    """Put another build of a library that computes in its place, as one changes a BLAS."""
    (path,) = (wheelhouse.site(place) / "demo").glob("_heapq*")
    shutil.copy(wheelhouse.native("_bisect"), path)


def patch_by_hand(place: Path) -> None:
    """Change a file and its line in the RECORD too, so that it looks as published."""
    change_source(place)
    (record,) = wheelhouse.site(place).glob("demo*/RECORD")
    lines = record.read_text().splitlines()
    record.write_text("".join(f"{line}\n" for line in lines if "demo/__init__.py" not in line))


CHANGES = [
    (change_source, "demo/__init__.py"),
    (change_library, LIBRARY),
    (swap_libraries, LIBRARY),
    (add, "demo/more.py"),
    (add_on_top, "sitecustomize.py"),
    (remove, "demo/script.py"),
    (install_other, "demo 1.0 has other files"),
    (patch_by_hand, "demo/__init__.py"),
]


@pytest.mark.parametrize(("change", "named"), CHANGES)
def test_a_replay_names_what_is_not_as_it_was(
    used: Anew, place: Path, change: Callable[[Path], None], named: str
) -> None:
    change(place)
    document = check(used.json("replay", "used", "--offline", check=None))
    environment = document["restored"].get("environment", {"exact": False, "note": ""})
    assert named in environment["note"] + document["reason"]
    if document["verdict"] == "identical":  # then what was recorded was put back
        assert "rebuilt" in environment["note"]


@pytest.mark.parametrize(("change", "named"), CHANGES)
@pytest.mark.parametrize("kept", ["archived", "recorded"])
def test_a_comparison_names_what_differs(
    used: Anew, place: Path, kept: str, change: Callable[[Path], None], named: str
) -> None:
    if kept == "archived":
        used("env", "archive", "used")
    change(place)
    here = check(used.json("env", "diff", "used", "--python", f"{place}/bin/python", check=10))
    said = files_of(here)
    if change is install_other:
        assert "demo" in said  # by its fingerprint; of what is archived also by its file
        assert kept == "recorded" or "demo/__init__.py" in said
    else:
        assert any(each.endswith(named) for each in said), here
    used("run", "--name", "second", f"{place}/bin/python", "use.py", check=None)
    assert check(used.json("env", "diff", "used", "second", check=10))["differences"]


def files_of(document: dict[str, Any]) -> list[str]:
    return [path for each in document["differences"] for path in (*each["files"], each["name"])]


def test_a_file_that_its_record_no_longer_names_is_looked_at(used: Anew, place: Path) -> None:
    """Long after the last look, which is remembered by then."""
    time.sleep(2.1)  # SETTLED
    used("run", "--name", "again", f"{place}/bin/python", "use.py")
    patch_by_hand(place)
    here = used.json("env", "diff", "again", "--python", f"{place}/bin/python", check=10)
    assert "demo/__init__.py" in files_of(here)


def test_only_files_of_the_distribution_that_differs_are_named(used: Anew, place: Path) -> None:
    more = wheelhouse.wheel(place.parent / "wheels", "other_name", "1", {"quite.py": b"x = 1\n"})
    wheelhouse.install(place / "bin" / "python", more)
    used("run", "--name", "two", f"{place}/bin/python", "use.py")
    used("env", "archive", "two")
    (wheelhouse.site(place) / "quite.py").write_bytes(b"x = 2\n")
    change_source(place)
    here = used.json("env", "diff", "two", "--python", f"{place}/bin/python", check=10)
    assert {each["name"]: each["files"] for each in here["differences"]} == {
        "demo": ["demo/__init__.py"],
        "other_name": ["quite.py"],
    }


def test_a_link_that_leads_to_another_blas_is_named(anew: Anew, tmp_path: Path) -> None:
    """As `update-alternatives` does it: every file is as it was, and another is loaded."""
    folder = tmp_path / "usr lib"
    folder.mkdir()
    for name, source in (("libopen.so", "_heapq"), ("libreference.so", "_bisect")):
        shutil.copy(wheelhouse.native(source), folder / name)
    link = folder / "libblas.so.3"
    link.symlink_to("libopen.so")
    # A place that is set aside, as `/usr` is: elsewhere the link itself would come back.
    anew.write("anew.toml", f"[[rules]]\npath = '{folder}/*'\nrole = 'environment'\n")
    anew.write("load.py", f"import ctypes\nctypes.CDLL({str(link)!r})\nprint('loaded')\n")
    anew("run", "--name", "loads", "load.py")
    assert anew.json("replay", "loads")["restored"]["environment"]["exact"]
    link.unlink()
    os.symlink("libreference.so", link)
    environment = check(anew.json("replay", "loads"))["restored"]["environment"]
    assert not environment["exact"]
    assert f"the replay loaded {folder}/libreference.so" in environment["note"]
    assert f"did not load {folder}/libopen.so" in environment["note"]
