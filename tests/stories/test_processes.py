"""Which programs a run consisted of, how each ended, and which of them touched what."""

import sys
from typing import Any

import pytest

from tests.conftest import Anew

PIPELINE = """\
python prep.py data.csv > clean.csv
sort clean.csv | head -1 > first.txt
(cat first.txt; exit 3) > last.txt || true
python fork.py
"""
FORK = """\
import os
open("data.csv").read()
for number in range(2):
    child = os.fork()
    if not child:
        open("data.csv").read()
        open(f"child-{number}.txt", "w").write("x")
        os._exit(number)
    os.waitpid(child, 0)
"""


@pytest.fixture
def pipeline(anew: Anew) -> Anew:
    anew.write("prep.py", "import sys\nprint(open(sys.argv[1]).read().upper())\n")
    anew.write("data.csv", "b\na\n")
    anew.write("fork.py", FORK)
    anew.write("pipeline.sh", PIPELINE)
    anew("run", "bash", "pipeline.sh")
    return anew


def named(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the processes by their command, the last of those with the same one."""
    return {" ".join(each["argv"][-2:]): each for each in document["processes"]}


def test_what_read_and_wrote_each_file_is_told(pipeline: Anew) -> None:
    processes = named(pipeline.json("show", "@1"))
    assert processes["prep.py data.csv"]["read"] == ["data.csv", "prep.py"]
    assert processes["prep.py data.csv"]["wrote"] == ["clean.csv"]
    assert processes["sort clean.csv"]["read"] == ["clean.csv"]
    assert processes["head -1"]["wrote"] == ["first.txt"]
    assert processes["cat first.txt"]["read"] == ["first.txt"]
    shell = next(
        each for each in pipeline.json("show", "@1")["processes"] if each["exit_code"] == 3
    )
    assert (shell["forked"], shell["wrote"]) == (True, ["last.txt"])


def test_who_fed_whom_is_told(pipeline: Anew) -> None:
    processes = named(pipeline.json("show", "@1"))
    fed = processes["head -1"]["number"]
    assert processes["sort clean.csv"]["feeds"] == [fed]
    assert processes["prep.py data.csv"]["feeds"] == []
    assert f"feeds  {fed}" in pipeline("show", "@1", "--processes").stdout
    graph = pipeline.json("show", "@1", "--graph", "json")
    edge = {
        "source": f"p{processes['sort clean.csv']['number']}",
        "target": f"p{fed}",
        "kind": "fed",
    }
    assert edge in graph["edges"]
    assert (
        f"{edge['source']} -> p{fed} [style=bold];"
        in pipeline("show", "@1", "--graph", "dot").stdout
    )


def test_forks_tell_what_their_parent_told_before(pipeline: Anew) -> None:
    processes = pipeline.json("show", "@1")["processes"]
    parent = next(each for each in processes if each["argv"] == ["python", "fork.py"])
    children = [each for each in processes if each["parent"] == parent["number"]]
    assert [(each["forked"], each["exit_code"]) for each in children] == [(True, 0), (True, 1)]
    assert [each["read"] for each in (parent, *children)][1:] == [["data.csv"]] * 2
    assert [each["wrote"] for each in children] == [["child-0.txt"], ["child-1.txt"]]


def test_tree_names_each_process_with_its_end(pipeline: Anew) -> None:
    lines = pipeline("show", "@1", "--processes").stdout.splitlines()
    assert any("python prep.py data.csv  [2 · exit 0 · " in line for line in lines)
    assert any(line.endswith("writes last.txt") for line in lines)


@pytest.mark.parametrize(("form", "start"), [("dot", "digraph run {"), ("mermaid", "flowchart LR")])
def test_graph_names_all(pipeline: Anew, form: str, start: str) -> None:
    text = pipeline("show", "@1", "--graph", form).stdout
    assert text.startswith(start)
    assert all(name in text for name in ("clean.csv", "prep.py", "last.txt", "sort clean.csv"))


def test_graph_leads_from_data_to_result(pipeline: Anew) -> None:
    graph = pipeline.json("show", "@1", "--graph", "json")
    ids = {each["id"]: each["name"] for each in graph["nodes"]}
    edges = {(ids[each["source"]], ids[each["target"]]) for each in graph["edges"]}
    assert ("data.csv", "python prep.py data.csv") in edges
    assert ("python prep.py data.csv", "clean.csv") in edges
    assert ("clean.csv", "sort clean.csv") in edges


def test_many_files_of_one_folder_are_one_node(anew: Anew) -> None:
    for number in range(200):
        anew.write(f"data/{number}.txt", "x")
    anew.write("read.py", "import glob\nfor p in glob.glob('data/*'): open(p).read()\n")
    anew("run", sys.executable, "read.py")
    graph = anew.json("show", "@1", "--graph", "json")
    assert {"kind": "files", "name": "data/ (200 files)", "count": 200} in [
        {key: each[key] for key in ("kind", "name", "count")} for each in graph["nodes"]
    ]
    assert "reads  data/ (200 files)" in anew("show", "@1", "--processes").stdout


def test_secrets_in_arguments_of_children_are_not_kept(anew: Anew) -> None:
    anew.write("ask.sh", "true --password hunter22\npython -c pass --api-key=k-12345678 \n")
    anew("run", "bash", "ask.sh")
    shown = anew("show", "@1", "--json").stdout
    assert "hunter22" not in shown
    assert "k-12345678" not in shown
    assert shown.count("<redacted>") >= 1


def test_ranks_of_a_distributed_program_are_told(anew: Anew) -> None:
    anew.write("rank.py", "import random\nprint(random.random())\n")
    anew.write("launch.py", "import os, subprocess, sys\n"
               "for rank in '01':\n"
               "    subprocess.run([sys.executable, 'rank.py'],\n"
               "                   env={**os.environ, 'RANK': rank, 'WORLD_SIZE': '2'})\n"
               )  # fmt: skip
    first, second = anew("run", "launch.py").stdout.split()
    assert first != second
    assert [each["rank"] for each in anew.json("show", "@1")["processes"]] == [None, 0, 1]
    assert anew.json("replay", "@1")["verdict"] == "identical"
