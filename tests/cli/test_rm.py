"""`anew rm` removes runs and frees what nothing else needs."""

import os
import pty
import subprocess

import pytest

from tests.cli.conftest import check, drop
from tests.conftest import ANEW, Anew

BIG = "import os, sys; open('big.bin', 'wb').write(b'%s' * 300_000); open(sys.argv[1], 'wb').write(sys.argv[1].encode() * 100_000)"


def two_runs(anew: Anew) -> None:
    """Record two runs that share one large output and have one of their own each."""
    anew.write("make.py", BIG % "x")
    anew("run", "--name", "one", "make.py", "1.bin")
    (anew.project / "1.bin").rename(anew.home / "1.bin")
    anew("run", "--name", "two", "make.py", "22.bin")


def test_what_another_run_needs_stays(anew: Anew) -> None:
    two_runs(anew)
    dry = check(anew.json("rm", "one", "--dry-run"))
    assert dry["dry_run"]
    assert anew.json("ls")["runs"][1]["name"] == "one"
    done = check(anew.json("rm", "one", "--yes"))
    assert done["freed_b"] == pytest.approx(dry["freed_b"], rel=0.01)
    assert done["freed_b"] > 100_000  # its own output; the large one is shared
    assert done["objects"] == dry["objects"]
    anew("verify")
    anew("replay", "two")
    assert len(list((anew.store / "objects").glob("*/*"))) == 2
    for run in anew.json("ls", "--all", "--replays")["runs"]:
        anew("rm", run["id"], "--yes")
    assert list((anew.store / "objects").glob("*/*")) == []
    assert anew("verify").stdout.startswith("anew: whole · 0 runs, 0 objects")


def test_a_removed_run_is_gone_but_not_forgotten(mine: Anew) -> None:
    base = mine.json("show", "base")
    mine("rm", "base", "--yes")
    assert "base" not in [run["name"] for run in mine.json("ls", "--all")["runs"]]
    for text in ("base", base["id"], base["id"][:8]):
        assert mine.json("show", text, check=21)["error"]["code"] == "unknown-run"
    text = "".join(path.read_text() for path in (mine.store / "ledger").glob("*.jsonl"))
    assert '"kind":"run-removed","previous":"b3:' in text
    assert base["id"] in text
    replay = base["verdicts"][0]["replay"]
    assert check(mine.json("show", replay))["verdict"] == "identical"
    mine("verify")


def test_without_a_terminal_it_must_be_told(mine: Anew) -> None:
    document = mine.json("rm", "base", check=2)
    assert "--dry-run" in document["error"]["hint"]
    mine("show", "base")


def asked(anew: Anew, answer: bytes) -> tuple[int, bytes]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*ANEW, "rm", "base"], cwd=anew.project, env=anew.variables(),
        stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.write(ours, answer)
    _, said = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    return process.returncode, said


def test_on_a_terminal_it_asks(mine: Anew) -> None:
    code, said = asked(mine, b"n\n")
    assert code == 130
    assert b"for good?" in said
    mine("show", "base")
    code, _ = asked(mine, b"y\n")
    assert code == 0
    mine("show", "base", check=21)


def test_a_run_that_goes_on_is_refused(mine: Anew) -> None:
    process = mine.start("run", "--name", "slow", "cat", stdin=-1)
    while not [run for run in mine.json("ls")["runs"] if run["status"] == "running"]:
        pass
    assert "still goes on" in mine.json("rm", "slow", "base", "--yes", check=2)["error"]["what"]
    mine("show", "base")
    process.communicate("", timeout=60)
    mine("show", "slow")


def test_an_unreadable_neighbour_forbids_freeing(anew: Anew) -> None:
    two_runs(anew)
    drop(anew, anew.json("show", "two")["record"])
    done = check(anew.json("rm", "one", "--yes"))
    assert (done["freed_b"], len(done["unread"])) == (0, 1)
    assert len(list((anew.store / "objects").glob("*/*"))) == 3
