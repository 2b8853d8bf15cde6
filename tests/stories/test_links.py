"""Files that are named through symbolic links: told of as what they are, and the links come back."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Anew

READ = """\
import hashlib, os
for path in ("current/deep/a.bin", "d2/a.bin", "two", "ext.txt", "outer/e.txt"):
    print(path, hashlib.md5(open(path, "rb").read()).hexdigest(), os.path.realpath(path))
print([os.path.islink(path) for path in ("current", "d2", "one", "two", "ext.txt", "outer")])
print(os.listdir("current"), os.readlink("one"))
open("out/result.txt", "w").write("x")
open("d2/made.txt", "w").write("y")
"""


@pytest.fixture
def linked(anew: Anew, tmp_path: Path) -> Anew:
    other = tmp_path / "other place"
    other.mkdir()
    (other / "e.txt").write_text("outside")
    (anew.project / "v1/deep").mkdir(parents=True)
    (anew.project / "v1/deep/a.bin").write_bytes(os.urandom(2_000_000))
    (anew.project / "results").mkdir()
    for name, target in (("current", "v1"), ("d2", "current/deep"), ("one", "d2/a.bin"),
                         ("two", "one"), ("ext.txt", other / "e.txt"), ("outer", other),
                         ("out", "results")):  # fmt: skip
        (anew.project / name).symlink_to(target)
    anew.write("read.py", READ)
    anew("run", "read.py")
    return anew


def listed(anew: Anew) -> dict[tuple[str, str], dict[str, Any]]:
    inputs = anew.json("show", "@1")["recipe"]["inputs"]
    return {(each["path"], each["kind"]): each for each in inputs}


def test_a_file_is_one_input_by_whatever_name(linked: Anew, tmp_path: Path) -> None:
    found = listed(linked)
    files = {path for path, kind in found if kind == "file"}
    assert files == {"v1/deep/a.bin", str(tmp_path / "other place/e.txt")}
    links = {path: each["target"] for (path, kind), each in found.items() if kind == "link"}
    assert links == {
        "current": "v1", "d2": "current/deep", "one": "d2/a.bin", "two": "one",
        "ext.txt": str(tmp_path / "other place/e.txt"), "outer": str(tmp_path / "other place"),
        "out": "results",
    }  # fmt: skip


def test_what_is_written_through_a_link_is_an_output_where_it_lies(linked: Anew) -> None:
    outputs = {each["path"] for each in linked.json("show", "@1")["outcome"]["outputs"]}
    assert outputs == {"results/result.txt", "v1/deep/made.txt"}


def test_replay_with_links(linked: Anew, tmp_path: Path) -> None:
    shutil.rmtree(linked.project)
    shutil.rmtree(tmp_path / "other place")
    linked.project.mkdir()
    assert linked.json("replay", "@1")["verdict"] == "identical"
    assert linked.json("replay", "@1", "--isolate")["verdict"] == "identical"


def test_links_that_the_run_makes_are_outputs(anew: Anew) -> None:
    anew.write("data.txt", "1")
    anew.write("make.py", "import os\nos.symlink('data.txt', 'latest')\nprint(open('latest').read())\n"
               "os.makedirs('runs/1'); os.symlink('1', 'runs/last')\n"
               "open('runs/last/log.txt', 'w').write('x')\n")  # fmt: skip
    anew("run", "make.py")
    shown = anew.json("show", "@1")
    assert {each["path"] for each in shown["recipe"]["inputs"]} == {"data.txt"}
    kinds = {each["path"]: each["kind"] for each in shown["outcome"]["outputs"]}
    assert kinds == {"latest": "link", "runs/last": "link", "runs/1/log.txt": "file"}
    for name in ("latest", "runs/last"):
        (anew.project / name).unlink()
    assert anew.json("replay", "@1")["verdict"] == "identical"


def test_a_link_that_leads_in_a_circle(anew: Anew) -> None:
    (anew.project / "a").symlink_to("b")
    (anew.project / "b").symlink_to("a")
    anew.write("read.py", "import os\nprint(os.path.exists('a'), os.path.islink('a'))\n"
               "try:\n    open('a/x')\nexcept OSError as error:\n    print(error.errno)\n"
               )  # fmt: skip
    anew("run", "read.py")
    assert anew.json("replay", "@1")["verdict"] == "identical"


def test_a_project_that_is_reached_through_a_link(anew: Anew, tmp_path: Path) -> None:
    anew.write("data.txt", "1")
    (tmp_path / "short").symlink_to(anew.project)
    anew.write("read.py", f"print(open({str(tmp_path / 'short/data.txt')!r}).read())\n")
    anew("run", "read.py", cwd=tmp_path / "short")
    found = listed(anew)
    assert ("data.txt", "file") in found
    assert anew.json("replay", "@1")["verdict"] == "identical"


def test_what_two_programs_read_by_one_link_is_one_input(anew: Anew) -> None:
    (anew.project / "data").mkdir()
    anew.write("data/a.txt", "a\n")
    (anew.project / "link").symlink_to("data")
    anew("run", "sh", "-c", "cat link/a.txt; cat link/a.txt; cat data/a.txt")
    files = [path for path, kind in listed(anew) if kind == "file"]
    assert files == ["data/a.txt"]


@pytest.mark.parametrize(
    "path", ["other/../link/", "other/../link/.", "other/.././link", "other/../link/../link/"]
)
def test_a_link_behind_a_detour_comes_back(anew: Anew, path: str) -> None:
    anew.write("data/a.txt", "a")
    (anew.project / "link").symlink_to("data")
    anew.write("other/b.txt", "b")
    anew("run", "--name", "a", "--", "sh", "-c", f"cat other/b.txt; ls -U {path}; cat {path}/a.txt")
    shutil.rmtree(anew.project)
    anew.project.mkdir()
    assert anew.json("replay", "a")["verdict"] == "identical"


def test_out_of_a_link_is_where_the_link_leads(anew: Anew) -> None:
    anew.write("deep/a.txt", "right")
    anew.write("a.txt", "wrong")
    (anew.project / "deep/er").mkdir()
    (anew.project / "climb").symlink_to("deep/er")
    anew("run", "cat", "climb/../a.txt")
    assert {path for path, kind in listed(anew) if kind == "file"} == {"deep/a.txt"}
    gaps = anew.json("show", "@1")["coverage"]["gaps"]
    assert any("by way of" in gap["what"] for gap in gaps)
