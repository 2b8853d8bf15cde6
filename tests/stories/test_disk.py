"""What a store takes on disk: bytes once, lists for many, references for what is very large."""

import shutil
import sys

import pytest

from anew.model.entry import RUN_SEALED
from anew.verbs.workspace import open_workspace
from tests.conftest import Anew

READ_ALL = """
import os
total = 0
for folder, _, names in sorted(os.walk("data")):
    for name in sorted(names):
        with open(os.path.join(folder, name)) as stream:
            total += len(stream.read())
with open("total.txt", "w") as stream:
    stream.write(str(total))
"""


def taken(anew: Anew) -> int:
    """Return the bytes that the store's files take on disk."""
    return sum(path.stat().st_blocks * 512 for path in anew.store.rglob("*") if path.is_file())


@pytest.mark.skipif(sys.platform != "linux", reason="sparse files of Linux")
def test_a_file_of_20_gigabytes_adds_less_than_one_megabyte(anew: Anew) -> None:
    anew("run", "python", "-c", "print(1)")  # the environment is known from here on
    before = taken(anew)
    huge = anew.project / "huge.bin"
    with huge.open("wb") as stream:
        stream.truncate(20 << 30)
    anew.write("peek.py", "f = open('huge.bin', 'rb')\nf.seek(-9, 2)\nprint(sum(f.read()))")
    done = anew("run", "--name", "x", "peek.py")

    assert taken(anew) - before < 1 << 20
    assert "huge.bin" in done.stderr + anew("show", "x").stdout
    assert anew.json("replay", "x")["verdict"] == "identical"
    huge.unlink()
    assert "huge.bin" in anew.json("replay", "x", check=12)["reason"]


def test_many_files_are_one_list_and_the_same_run_again_adds_little(
    anew: Anew, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10_000):
        path = anew.project / "data" / f"{number // 500:02}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(number) * 9)
    anew.write("read.py", READ_ALL)
    anew("run", "read.py")
    files = [path for path in anew.store.rglob("*") if path.is_file()]
    first = taken(anew)
    anew("run", "read.py")
    again = taken(anew) - first
    monkeypatch.setenv("XDG_CACHE_HOME", str(anew.home / ".cache"))
    space = open_workspace(str(anew.store), str(anew.project))
    sealed = [each.body for each in space.ledger.entries() if each.kind == RUN_SEALED]
    record = space.store.read(sealed[-1]) if sealed[-1] else b""
    space.store.close()

    assert len(files) < 40  # small contents lie together in packs
    assert again <= 64 << 10
    assert 0 < len(record) < 64 << 10  # 10,000 inputs are one list, not entries of the record
    assert len(anew.json("show", "@1")["recipe"]["inputs"]) >= 10_000
    shutil.rmtree(anew.project)
    assert anew.json("replay", "@1", "--offline", cwd="/")["verdict"] == "identical"


def test_the_index_can_be_deleted_and_is_made_again(anew: Anew) -> None:
    anew.write("a.py", "import anew, random\nanew.log({'x': random.random()})\n")
    for name in ("one", "two"):
        anew("run", "--name", name, "--tag", f"set={name}", "a.py")
    anew("replay", "one")
    before = [anew.json("ls", "--replays")["runs"], anew.json("ls", "--tag", "set=one")["runs"]]
    shutil.rmtree(anew.home / ".cache" / "anew")

    after = [anew.json("ls", "--replays")["runs"], anew.json("ls", "--tag", "set=one")["runs"]]
    assert after == before
    assert anew("verify").returncode == 0
