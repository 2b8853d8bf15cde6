"""The states of many files: the same from C and from Python, and what stat says."""

import os
from pathlib import Path

import pytest

from anew.facets import states
from anew.facets.states import blob, in_python, stamps_in, states_of
from anew.store.copying import stamp_of

NAMES = (
    "a",
    "b c",
    "line\nbreak",
    "ü",
    os.fsdecode(b"\xff"),
    "link",
    "gone",
    "folder",
    ".",
    "dangling",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(NAMES[:5]):
        (tmp_path / name).write_bytes(b"x" * number)
        os.utime(tmp_path / name, ns=(1, -1 - number if number == 2 else 10**18 + number))
    (tmp_path / "link").symlink_to("b c")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    return tmp_path


def test_they_are_what_stat_says(folder: Path) -> None:
    found = states_of(str(folder), blob(NAMES))
    assert found is not None
    expected = []
    for name in NAMES:
        try:
            now = os.stat(folder / name)
            expected += [0, now.st_ino, now.st_size, now.st_mode, now.st_mtime_ns, now.st_ctime_ns]
        except FileNotFoundError:
            expected += [0] * 6
    assert found.tolist() == expected


def test_c_and_python_agree(folder: Path) -> None:
    if not states._LIBRARY.exists():
        pytest.skip("Anew was built without its C libraries")
    top = os.open(folder, os.O_RDONLY)
    try:
        for follow in (True, False):
            there = in_python(top, blob(NAMES), follow=follow)
            assert states._states(top, blob(NAMES), follow=follow) == there
    finally:
        os.close(top)


def test_nothing_is_nothing(folder: Path) -> None:
    assert list(states_of(str(folder), b"") or ()) == []
    assert states_of(str(folder / "gone"), blob(("a",))) is None


def test_stamps_are_of_links_themselves(folder: Path) -> None:
    top = os.open(folder, os.O_RDONLY)
    try:
        found = dict(zip(NAMES, stamps_in(top, NAMES), strict=True))
    finally:
        os.close(top)
    for name, stamp in found.items():
        if name == "gone":
            assert stamp == (0,) * 6
        else:
            assert stamp == stamp_of(os.lstat(folder / name))
