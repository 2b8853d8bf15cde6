"""Byte-compiled files are alike in all environments, and come back to the byte."""

import os
import py_compile
import random
from pathlib import Path

import pytest

from anew.facets.environment.compiled import neutral, revived

SOURCE = (
    "def outer():\n    def inner(x):\n        return x + 1\n    return inner\n\nclass C: pass\n"
)


def compiled(folder: Path, time: int) -> bytes:
    folder.mkdir(parents=True)
    path = folder / "module.py"
    path.write_text(SOURCE)
    os.utime(path, (time, time))
    return Path(py_compile.compile(str(path), str(folder / "module.pyc")) or "").read_bytes()


@pytest.mark.parametrize("other", ["b", "a longer name " * 5, "n\u00e4me"])
def test_two_places_and_times_give_one_content(tmp_path: Path, other: str) -> None:
    one = compiled(tmp_path / "a" / "lib", 1_600_000_000)
    two = compiled(tmp_path / other / "lib", 1_700_000_001)
    first = neutral(one, os.fsencode(tmp_path / "a"))
    second = neutral(two, os.fsencode(tmp_path / other))
    assert first is not None
    assert second is not None
    assert revived(first[0], os.fsencode(tmp_path / "a"), first[1]) == one
    assert revived(second[0], os.fsencode(tmp_path / other), second[1]) == two
    assert (first[1], second[1]) == (1_600_000_000, 1_700_000_001)
    if other.isascii():
        assert first[0] == second[0]


def test_what_cannot_be_put_back_is_left_as_it_is() -> None:
    chance = random.Random(1)
    header = bytes(4) + bytes(4) + b"abcdefgh"
    for _ in range(2000):
        data = header + bytes(chance.choices(b"z\xfa\x01\x05/ab", k=40))
        found = neutral(data, b"/a")
        assert found is None or revived(found[0], b"/a", found[1]) == data
    assert neutral(b"", b"/a") is None
    assert neutral(bytes(4) + b"\x01" + bytes(40), b"/a") is None
    assert revived(b"short", b"/a", 0) is None
