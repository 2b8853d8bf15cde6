"""Which input is an input: the rules, what they set aside, and rules of the user's own."""

import shutil
from typing import Any

import pytest

from tests.conftest import Anew


def inputs(anew: Anew, run: str = "@1") -> dict[str, dict[str, Any]]:
    return {each["path"]: each for each in anew.json("show", run)["recipe"]["inputs"]}


def test_each_input_says_why_it_is_one(anew: Anew) -> None:
    anew.write("data/a.csv", "1\n")
    anew.write("data/b.csv", "2\n")
    (anew.project / "latest").symlink_to("data/a.csv")
    anew.write("read.py", "import os\nopen('latest').read(); os.listdir('data')\n"
               "os.path.getsize('data/b.csv'); os.path.exists('no.csv')\n")  # fmt: skip
    anew("run", "read.py")
    reasons = {path: each["why"] for path, each in inputs(anew).items()}
    assert reasons == {
        "data": "its entries were listed",
        "data/b.csv": "it was asked after (there, size, time) and not read",
        "latest": "it is a link on the way to what was read",
        "data/a.csv": "it was read",
        "no.csv": "it was looked for and not there",
    }
    text = anew("show", "@1", "--inputs", "--why").stdout
    assert any("latest" in line and "a link on the way" in line for line in text.splitlines())


def test_what_is_set_aside_is_counted_by_rule(anew: Anew) -> None:
    anew.write("read.py", "open('/etc/hostname').read(); open('/proc/self/status').read()\n")
    anew.write("cache/__pycache__/x.txt", "1")
    anew.write("sub.py", "open('cache/__pycache__/x.txt').read()\n")
    anew("run", "sub.py")
    aside = {each["rule"]: each for each in anew.json("show", "@1")["coverage"]["aside"]}
    assert aside["byte-compiled"]["count"] >= 1
    assert "SET ASIDE BY" in anew("show", "@1", "--why").stdout


def test_a_download_that_was_read_is_an_input_and_comes_back(anew: Anew) -> None:
    fetched = anew.home / ".cache/huggingface/hub/model.bin"
    fetched.parent.mkdir(parents=True)
    fetched.write_text("weights")
    made = anew.home / ".cache/matplotlib/fontlist.json"
    made.parent.mkdir(parents=True)
    made.write_text("{}")
    anew.write("read.py", "import os\nhome = os.path.expanduser('~/.cache/')\n"
               "print(open(home + 'huggingface/hub/model.bin').read(),"
               " open(home + 'matplotlib/fontlist.json').read())\n")  # fmt: skip
    anew("run", "read.py")
    found = inputs(anew)
    assert [found[str(path)]["role"] for path in (fetched, made)] == ["cache", "cache"]
    shutil.rmtree(anew.home / ".cache")
    assert anew.json("replay", "@1")["verdict"] == "identical"


def test_what_a_library_made_for_itself_names_no_experiment(anew: Anew) -> None:
    made = anew.home / ".cache/matplotlib/fontlist.json"
    made.parent.mkdir(parents=True)
    anew.write("read.py", f"open({str(made)!r}).read()\n")
    digests = []
    for text in ("{}", "{1}"):
        made.write_text(text)
        anew("run", "read.py")
        digests.append(anew.json("show", "@1")["recipe"]["digest"])
    assert digests[0] == digests[1]


SETTINGS = """\
[store]
largest = "1 KiB"

[[rules]]
path = "scratch/*"
role = "noise"

[[rules]]
path = "*/query.sql"
role = "input"
"""


def test_rules_and_limits_of_the_project(anew: Anew) -> None:
    anew.write("anew.toml", SETTINGS)
    anew.write("queries/query.sql", "select 1")
    anew.write("scratch/lock", "x")
    anew.write("large.csv", "1" * 2000)
    anew.write("read.py", "for p in ('queries/query.sql', 'scratch/lock', 'large.csv'): open(p).read()\n"
               "open('scratch/log', 'w').write('x')\nprint('done')\n")  # fmt: skip
    anew("run", "read.py")
    found = inputs(anew)
    assert {path for path, each in found.items() if each["kind"] == "file"} == {
        "queries/query.sql", "large.csv"
    }  # fmt: skip
    assert found["large.csv"]["kept"] == "reference"
    shown = anew.json("show", "@1")
    assert shown["outcome"]["outputs"] == []
    aside = {each["rule"]: each for each in shown["coverage"]["aside"]}
    assert aside["anew.toml"]["says"].endswith("scratch/* noise")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[store", "cannot be read"),
        ("[shop]\n", "`shop` is not understood"),
        ("[store]\nbiggest = 1\n", "`biggest` in [store] is not understood"),
        ("[store]\nlargest = 'huge'\n", "'huge' is no size"),
        ("[[rules]]\npath = 'x'\n", "has a `path` and a `role`"),
        ("[[rules]]\npath = 'x'\nrole = 'data'\n", "'data' is none of input, output"),
    ],
)
def test_settings_nobody_understands_stop_the_run_before_it_starts(
    anew: Anew, text: str, said: str
) -> None:
    anew.write("anew.toml", text)
    anew.write("x.py", "open('started', 'w')\n")
    done = anew("run", "x.py", check=30)
    assert said in done.stderr
    assert not (anew.project / "started").exists()
    assert anew.json("ls")["runs"] == []


def test_coverage_counts_what_is_held_of_each_aspect(anew: Anew) -> None:
    anew.write("anew.toml", '[store]\nlargest = "1 KiB"\n')
    anew.write("small.txt", "1\n")
    anew.write("large.txt", "x" * 5000)
    anew.write("use.py", "print(len(open('small.txt').read() + open('large.txt').read()))\n")
    anew("run", "use.py")
    counts = {each["name"]: each for each in anew.json("show", "@1")["coverage"]["aspects"]}
    assert counts["inputs"] == {
        "name": "inputs",
        "value": 1,
        "reference": 1,
        "missing": 0,
        "gaps": 1,
    }
    assert counts["environment"]["reference"] > 0
    shown = anew("show", "@1", "--coverage").stdout
    assert "ASPECT       BY VALUE  BY REFERENCE  NOT HELD  GAPS" in shown
    assert "large.txt is held by reference" in shown
    anew("keep", "@1")
    counts = {each["name"]: each for each in anew.json("show", "@1")["coverage"]["aspects"]}
    assert (counts["inputs"]["value"], counts["inputs"]["reference"]) == (2, 0)
