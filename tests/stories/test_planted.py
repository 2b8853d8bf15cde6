"""Planted changes: whatever decides the result and is not as it was never passes for identical."""

import os
from pathlib import Path

import pytest

from tests import wheelhouse
from tests.conftest import Anew

WORK = """
import os, random, sys
rows = [float(line) for line in open("data.csv")]
weight = sum(rows) * float(os.environ.get("SCALE", "1")) + random.random()
weight = weight + 1  # this line
open("model.txt", "w").write(repr(weight))
print(weight)
"""
THREADS = """
import os
count = int(os.environ["OMP_NUM_THREADS"])
parts = [sum(1 / (i + 3) for i in range(k, 1000, count)) for k in range(count)]
print(repr(sum(parts)))
"""


@pytest.fixture
def worked(anew: Anew) -> Anew:
    anew.write("work.py", WORK)
    anew.write("data.csv", "1\n2\n3\n")
    anew("run", "--name", "before", "--seed", "7", "work.py")
    return anew


def judged(anew: Anew) -> list[str]:
    """Run again under the same seed; return what else than the clock `anew diff` names."""
    anew("run", "--name", "after", "--seed", "7", "work.py")
    document = anew.json("diff", "before", "after", check=10)
    assert document["verdict"] == "diverged"
    named = [f"{each['aspect']} {each['name']}" for each in document["recipe"]]
    if not [each for each in named if not each.startswith("clock")]:
        named = [f"{each['aspect']} {each['name']}" for each in document["circumstances"]]
    return [each for each in named if not each.startswith("clock")]


def test_nothing_planted_is_identical(worked: Anew) -> None:
    worked("run", "--name", "after", "--seed", "7", "work.py")
    assert worked.json("diff", "before", "after")["verdict"] == "identical"


def test_one_byte_of_data(worked: Anew) -> None:
    state = os.stat(worked.project / "data.csv")
    worked.write("data.csv", "1\n2\n4\n")  # of the same size and age
    os.utime(worked.project / "data.csv", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert judged(worked) == ["inputs data.csv"]


def test_one_line_of_code(worked: Anew) -> None:
    worked.write("work.py", WORK.replace("weight + 1 ", "weight + 2 "))
    assert judged(worked) == ["code work.py"]


def test_a_variable_that_the_script_reads(worked: Anew) -> None:
    worked.environ["SCALE"] = "2"
    assert any("SCALE" in each for each in judged(worked))


def test_a_seed(worked: Anew) -> None:
    worked("run", "--name", "after", "--seed", "8", "work.py")
    document = worked.json("diff", "before", "after", check=10)
    assert document["verdict"] == "diverged"
    assert any(each["aspect"] == "seeds" for each in document["recipe"])


def test_a_change_on_disk_does_not_reach_a_replay(worked: Anew) -> None:
    worked.write("data.csv", "9\n")
    worked.write("work.py", "print('another')")
    assert worked.json("replay", "before")["verdict"] == "identical"


def test_a_thread_count_is_given_back_and_another_diverges(anew: Anew) -> None:
    anew.write("threads.py", THREADS)
    anew("run", "threads.py", environ={"OMP_NUM_THREADS": "3"})
    assert anew.json("replay", "@1", environ={"OMP_NUM_THREADS": "7"})["verdict"] == "identical"
    document = anew.json("replay", "@1", "--set", "OMP_NUM_THREADS=1", check=10)
    assert document["verdict"] == "diverged"


@pytest.fixture
def installed(anew: Anew, tmp_path: Path) -> Path:
    place = tmp_path / "venv"
    wheelhouse.make(place, wheelhouse.demo(tmp_path / "wheels"))
    anew.write("use.py", "import demo\nprint(demo.ANSWER)\n")
    anew("run", "--name", "used", f"{place}/bin/python", "use.py")
    return place


def test_the_version_of_a_package(anew: Anew, installed: Path, tmp_path: Path) -> None:
    other = wheelhouse.demo(tmp_path / "wheels", answer=43, version="1.1")
    wheelhouse.install(installed / "bin" / "python", other)
    document = anew.json("replay", "used", "--offline", check=None)
    assert document["verdict"] in ("not replayed", "diverged")
    assert "demo" in str(document)
    anew("run", "--name", "again", f"{installed}/bin/python", "use.py")
    compared = anew.json("diff", "used", "again", check=10)
    assert "demo" in [each["name"] for each in compared["recipe"]]


def test_a_package_patched_in_place(anew: Anew, installed: Path) -> None:
    module = wheelhouse.site(installed) / "demo" / "__init__.py"
    module.write_text(module.read_text().replace("42", "44"))
    document = anew.json("replay", "used", "--offline", check=None)
    assert document["verdict"] in ("not replayed", "diverged")
