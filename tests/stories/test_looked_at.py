"""What a program finds out about a file beside its content comes back too."""

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import Anew


def test_time_of_an_input_comes_back_to_the_nanosecond(anew: Anew) -> None:
    data = anew.write("data.txt", "1\n")
    os.utime(data, ns=(1_700_000_000_123_456_789, 1_700_000_000_123_456_789))
    anew.write("when.py", "import os\nopen('data.txt').read()\n"
               "print(os.stat('data.txt').st_mtime_ns)\n")  # fmt: skip
    assert anew("run", "when.py").stdout == "1700000000123456789\n"
    data.unlink()
    assert anew.json("replay", "@1")["verdict"] == "identical"


LOOKING = """\
import os
names = sorted(os.listdir("data"))
print([os.path.getsize(f"data/{name}") for name in names], os.path.exists("flag"))
print(os.stat("data/b.bin").st_mtime_ns, os.access("absent.txt", os.F_OK), os.path.isfile("data/a.bin"))
"""


@pytest.fixture
def looked(anew: Anew) -> Anew:
    for name, size in (("data/a.bin", 10), ("data/b.bin", 2 << 30)):
        os.truncate(anew.write(name, ""), size)
    os.utime(anew.project / "data/b.bin", ns=(1_600_000_000_000_000_001,) * 2)
    anew.write("flag", "")
    anew.write("look.py", LOOKING)
    anew("run", "--keep", "none", "look.py")
    return anew


def test_size_and_time_come_back_where_nothing_was_read(looked: Anew) -> None:
    before = sum(file.stat().st_size for file in looked.store.rglob("*") if file.is_file())
    shutil.rmtree(looked.project / "data")
    (looked.project / "flag").unlink()
    assert looked.json("replay", "@1")["verdict"] == "identical"
    after = sum(file.stat().st_size for file in looked.store.rglob("*") if file.is_file())
    assert after - before < 200_000  # 2 GB were looked at, none read


def test_what_was_looked_at_is_shown(looked: Anew) -> None:
    kinds = {each["path"]: each["kind"] for each in looked.json("show", "@1")["recipe"]["inputs"]}
    assert kinds["data/b.bin"] == "stat"
    assert kinds["absent.txt"] == "absent"
    text = looked("show", "@1", "--inputs").stdout
    assert any(line.split()[:2] == ["absent.txt", "absent"] for line in text.splitlines())


def test_what_was_not_there_is_the_difference(looked: Anew) -> None:
    looked.write("absent.txt", "now")
    looked("run", "look.py")
    differences = looked.json("diff", "@2", "@1", check=10)["recipe"]
    found = [each for each in differences if each["name"] == "absent.txt"]
    assert [(each["left"], each["right"]) for each in found] == [("not there", "there, 3 bytes")]


def test_looking_outside_the_project(anew: Anew, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "big.bin").write_bytes(b"x" * 1000)
    anew.write("look.py", f"import os\nprint(os.path.getsize({str(other / 'big.bin')!r}))\n")
    anew("run", "look.py")
    assert anew.json("replay", "@1", "--isolate")["verdict"] == "identical"
    shutil.rmtree(other)
    assert anew.json("replay", "@1")["verdict"] == "identical"
    assert not other.exists()


def test_recipe_is_the_same_for_a_copy_made_later(looked: Anew) -> None:
    looked.write("read.py", "print(open('flag').read())\n")
    looked("run", "read.py")
    os.utime(looked.project / "flag", (1, 1))
    looked("run", "--keep", "all", "read.py")
    one, other = (looked.json("show", run)["recipe"]["digest"] for run in ("@1", "@2"))
    assert one == other


def test_all_below_a_folder_that_was_walked_comes_back(anew: Anew) -> None:
    for path in ("data/a/one.txt", "data/a/deep/two.txt", "data/b/three.txt"):
        anew.write(path, "x")
    (anew.project / "data/empty").mkdir()
    anew.write("walk.sh", "find data | sort\ndu --apparent-size -b data/a/one.txt\n")
    anew("run", "bash", "walk.sh")
    shutil.rmtree(anew.project / "data")
    assert anew.json("replay", "@1")["verdict"] == "identical"
