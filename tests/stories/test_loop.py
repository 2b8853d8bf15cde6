"""The loop on small experiments: run, wipe, replay, verdict; and what must never be identical."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import Anew

TRAIN = """
import argparse, json, os, random
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
options = parser.parse_args()
rows = [float(line) for line in open("data.csv")]
weight = random.random()
for row in rows:
    weight += options.lr * (row - weight)
weight *= float(os.environ.get("SCALE", "1"))
json.dump({"weight": weight}, open("model.json", "w"))
print("weight", weight)
"""


@pytest.fixture
def trained(anew: Anew) -> Anew:
    anew.write("train.py", TRAIN)
    anew.write("data.csv", "1.0\n2.0\n4.5\n")
    anew("run", "--name", "first", "train.py", "--lr", "0.25")
    return anew


def test_replay_after_the_folder_is_gone_is_identical(trained: Anew) -> None:
    shutil.rmtree(trained.project)
    document = trained.json("replay", "first", cwd="/")

    assert document["verdict"] == "identical"
    assert {(item["kind"], item["name"]) for item in document["items"]} == {
        ("exit", "status"), ("output", "model.json"), ("console", "stdout"),
    }  # fmt: skip
    assert all(restored["exact"] for restored in document["restored"].values())
    assert not trained.project.exists()


def test_replay_is_itself_a_run_and_can_be_replayed(trained: Anew) -> None:
    first = trained.json("replay", "first")
    again = trained.json("replay", first["run"])

    assert (first["verdict"], again["verdict"]) == ("identical", "identical")
    assert again["replay_of"] == first["run"]


def test_two_plain_runs_differ_as_their_author_expects(trained: Anew) -> None:
    one = (trained.project / "model.json").read_text()
    trained("run", "train.py", "--lr", "0.25")
    assert (trained.project / "model.json").read_text() != one


def test_the_same_seed_gives_the_same_run(trained: Anew) -> None:
    results = []
    for _ in range(2):
        trained("run", "--seed", "7", "train.py")
        results.append((trained.project / "model.json").read_text())
    assert results[0] == results[1]


def test_no_seed_leaves_entropy_to_chance(trained: Anew) -> None:
    trained("run", "--no-seed", "--name", "free", "train.py")
    assert trained.json("replay", "free", check=10)["verdict"] == "diverged"


def test_the_project_on_disk_does_not_count(trained: Anew) -> None:
    trained.write("data.csv", "9\n")
    trained.write("train.py", "raise SystemExit('another program')")
    assert trained.json("replay", "first")["verdict"] == "identical"
    assert (trained.project / "data.csv").read_text() == "9\n"


def test_another_seed_is_a_counterfactual_and_diverges(trained: Anew) -> None:
    document = trained.json("replay", "first", "--seed", "99", check=10)
    assert document["verdict"] == "diverged"
    assert document["counterfactual"] == [f"seed={99:032x}"]


def test_another_variable_is_a_counterfactual_and_diverges(trained: Anew) -> None:
    document = trained.json("replay", "first", "--set", "SCALE=2", check=10)
    assert document["verdict"] == "diverged"
    assert document["counterfactual"] == ["SCALE=2"]


def test_a_variable_set_in_the_original_is_given_back(anew: Anew) -> None:
    anew.write("train.py", TRAIN)
    anew.write("data.csv", "1.0\n")
    anew("run", "train.py", environ={"SCALE": "3"})
    assert anew.json("replay", "@1")["verdict"] == "identical"
    assert anew.json("replay", "@1", environ={"SCALE": "5"})["verdict"] == "identical"


def test_tolerance_makes_it_equivalent_never_identical(trained: Anew) -> None:
    document = trained.json("replay", "first", "--seed", "99", "--tolerance", "abs=10")
    assert document["verdict"] == "equivalent"


def test_a_deleted_object_is_not_replayed_by_name(anew: Anew) -> None:
    anew.write("big.bin", "x" * 300_000)
    anew.write("read.py", "print(len(open('big.bin').read()))")
    anew("run", "read.py")
    (large,) = (path for path in (anew.store / "objects").rglob("*") if path.is_file())
    large.unlink()
    document = anew.json("replay", "@1", check=12)

    assert document["verdict"] == "not replayed"
    assert "big.bin" in document["reason"]
    assert f"hint: {document['hint']}" in anew("replay", "@1", check=12).stdout


def test_a_damaged_object_is_not_replayed_by_name(anew: Anew) -> None:
    anew.write("big.bin", "x" * 300_000)
    anew.write("read.py", "print(len(open('big.bin').read()))")
    anew("run", "read.py")
    (large,) = (path for path in (anew.store / "objects").rglob("*") if path.is_file())
    large.chmod(0o644)
    with large.open("r+b") as stream:
        stream.seek(1000)
        stream.write(b"y")
    document = anew.json("replay", "@1", check=12)

    assert document["verdict"] == "not replayed"


def test_metrics_logged_from_python_are_judged(anew: Anew) -> None:
    anew.write(
        "log.py",
        "import anew, random\nfor step in range(100):\n    anew.log({'loss': random.random()}, step=step)\nanew.param('lr', 0.1)\n",
    )
    anew("run", "log.py")
    shown = anew.json("show", "@1")
    assert shown["outcome"]["metrics"]["loss"]["count"] == 100
    assert anew.json("replay", "@1")["verdict"] == "identical"
    document = anew.json("replay", "@1", "--seed", "3", check=10)
    (metric,) = (item for item in document["items"] if item["kind"] == "metric")
    assert metric["verdict"] == "diverged"


def test_nothing_to_compare_is_inconclusive(anew: Anew) -> None:
    anew("run", "true")
    document = anew.json("replay", "@1", check=11)
    assert document["verdict"] == "inconclusive"


def test_failing_program_is_replayed_to_the_same_failure(anew: Anew) -> None:
    anew.write("fail.py", "import random\nprint(random.random())\nraise ValueError('no')")
    anew("run", "fail.py", check=1)
    assert anew.json("ls")["runs"][0]["status"] == "failed"
    assert anew.json("replay", "@1")["verdict"] == "identical"


def test_printed_time_is_equivalent_and_named(anew: Anew) -> None:
    anew.write(
        "when.py",
        "import datetime\nprint('started', datetime.datetime.now().isoformat())\nprint('x', 1)",
    )
    anew("run", "when.py")
    document = anew.json("replay", "@1")
    assert document["verdict"] == "equivalent"


def test_dry_run_starts_nothing(trained: Anew) -> None:
    document = trained.json("replay", "first", "--dry-run", check=None)
    assert document["run"] is None
    assert document["restored"]["environment"]["exact"]


def test_replay_into_a_folder(trained: Anew, tmp_path: Path) -> None:
    room = tmp_path / "room"
    trained("replay", "first", "--in", str(room), check=None)
    assert (room / "project" / "model.json").read_text() == (
        trained.project / "model.json"
    ).read_text()
    done = trained("replay", "first", "--in", str(room), check=2)
    assert "not empty" in done.stderr


def test_timeout_is_not_replayed(anew: Anew) -> None:
    anew.write(
        "wait.py", "import os, time\nprint('x')\ntime.sleep(float(os.environ.get('NAP', 0)))"
    )
    anew("run", "wait.py", environ={"NAP": "0"})
    document = anew.json("replay", "@1", "--set", "NAP=60", "--timeout", "1", check=12)
    assert document["verdict"] == "not replayed"
