"""The production track: everything by value, and entered only when a replay has proved it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Anew
from tests.stories.test_clean_room import why_not


@pytest.fixture
def own(anew: Anew, tmp_path: Path) -> Anew:
    """A project with a small virtual environment: it is archived in a moment."""
    if why_not():
        pytest.skip(f"no clean room can be made here: {why_not()}")
    place = tmp_path / "small"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    anew.environ["VIRTUAL_ENV"] = str(place)
    anew.write("train.py", "import random\nopen('out.txt', 'w').write(str(random.random()))\n")
    return anew


def track(anew: Anew, run: str) -> str:
    return str(anew.json("show", run)["track"])


def test_a_run_enters_when_its_replay_in_a_clean_room_is_identical(own: Anew) -> None:
    own("run", "--name", "a", "train.py")
    assert track(own, "a") == "exploratory"
    document = own.json("promote", "a", "--track", "production")

    assert document["entered"] is True
    assert document["missing"] == []
    assert document["replay"]["verdict"] == "identical"
    assert document["replay"]["isolation"]["proved"] is True
    assert track(own, "a") == "production"
    assert "track        production" in own("show", "a").stdout


def test_runs_of_the_track_are_listed(own: Anew) -> None:
    own("run", "--name", "a", "train.py")
    own("run", "--name", "b", "train.py")
    own("promote", "a")

    assert [run["name"] for run in own.json("ls", "--track", "production")["runs"]] == ["a"]
    assert [run["name"] for run in own.json("ls", "--track", "exploratory")["runs"]] == ["b"]


def test_what_is_missing_is_one_list_and_nothing_is_done(own: Anew) -> None:
    own("run", "--name", "a", "train.py")
    document = own.json("promote", "a", "--check", check=34)

    assert [each["aspect"] for each in document["missing"]] == ["environment", "replay"]
    assert document["replay"] is None
    assert own.json("show", "a")["verdicts"] == []


def test_a_run_that_cannot_be_repeated_may_not_enter(own: Anew) -> None:
    own.write("train.py", "import time\nprint('value', time.time_ns() % 1000003 * 3)\n")
    own("run", "--name", "a", "train.py")
    document = own.json("promote", "a", check=34)

    assert document["entered"] is False
    assert "diverged" in document["missing"][0]["what"]
    assert track(own, "a") == "exploratory"


def test_a_declared_tolerance_lets_it_enter_and_is_written_down(own: Anew) -> None:
    own.write(
        "train.py",
        "import anew, time\nanew.log('loss', 1 + time.time_ns() % 1000 * 1e-9, step=1)\n",
    )
    own("run", "--name", "a", "train.py")
    refused = own.json("promote", "a", check=None)
    document = own.json("promote", "a", "--tolerance", "loss:abs=0.1")

    assert (document["entered"], document["replay"]["verdict"]) == (True, "equivalent")
    assert refused["entered"] is False
    entries = [
        json.loads(line)
        for path in (own.store / "ledger").rglob("*")
        if path.is_file()
        for line in path.read_bytes().splitlines()
        if b"track-entered" in line
    ]
    assert len(entries) == 1
    assert "tolerance loss:abs=0.1" in json.dumps(entries[0])


def test_a_failed_run_may_not_enter(own: Anew) -> None:
    own.write("train.py", "raise SystemExit(3)\n")
    own("run", "--name", "a", "train.py", check=3)
    document = own.json("promote", "a", check=34)

    assert "did not finish" in document["missing"][0]["what"]
    assert document["replay"] is None


def test_data_that_is_gone_keeps_a_run_out_and_is_named(own: Anew) -> None:
    own.write("train.py", "print(len(open('data.bin', 'rb').read()))\n")
    own.write("data.bin", "x" * 1000)
    own("run", "--keep", "none", "--name", "a", "train.py")
    (own.project / "data.bin").unlink()
    document = own.json("promote", "a", check=34)

    assert "data.bin" in document["missing"][0]["what"]
    assert "anew keep" in document["missing"][0]["remedy"]


def test_data_held_by_reference_is_taken_in(own: Anew) -> None:
    own.write("train.py", "print(len(open('data.bin', 'rb').read()))\n")
    own.write("data.bin", "x" * 1000)
    own("run", "--keep", "none", "--name", "a", "train.py")
    own("promote", "a")
    shutil.rmtree(own.project)
    shutil.rmtree(own.environ["VIRTUAL_ENV"])

    assert own.json("replay", "a", "--isolate", cwd="/")["verdict"] == "identical"


def test_a_run_on_the_production_track_is_proved_at_once(own: Anew) -> None:
    done = own("run", "--track", "production", "--name", "a", "train.py")

    assert done.stdout == ""
    assert all(line.startswith("anew: ") for line in done.stderr.splitlines())
    assert "entered the production track" in done.stderr
    assert track(own, "a") == "production"


def test_the_exit_code_stays_the_programs_own_when_the_gate_is_closed(own: Anew) -> None:
    own.write("train.py", "raise SystemExit(3)\n")
    done = own("run", "--track", "production", "--name", "a", "train.py", check=3)

    assert "may not enter the production track: 1 thing missing" in done.stderr
    assert track(own, "a") == "exploratory"
    assert os.listdir(own.store / "spool") == []
