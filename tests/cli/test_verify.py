"""`anew verify` finds what is missing or damaged."""

from pathlib import Path

import pytest

from tests.cli.conftest import check
from tests.conftest import Anew


@pytest.fixture
def large(anew: Anew) -> Anew:
    """One run with an output large enough to lie in a file of its own."""
    anew.write("big.py", "open('big.bin', 'wb').write(bytes(300_000))")
    anew("run", "--name", "big", "big.py")
    return anew


def big(anew: Anew) -> Path:
    (path,) = (anew.store / "objects").glob("*/*")
    path.chmod(0o600)
    path.parent.chmod(0o700)
    return path


def test_a_whole_store_is_whole(recorded: Anew) -> None:
    document = check(recorded.json("verify"))
    assert document["verdict"] == "whole"
    assert len(document["runs"]) == 5
    assert document["ledger"]["entries"] > 10
    one = check(recorded.json("verify", "base", "base"))
    assert one["runs"] == [recorded.json("show", "base")["id"]]
    assert 0 < one["objects"] < document["objects"]
    assert recorded("verify").stdout.startswith("anew: whole · 5 runs")


@pytest.mark.parametrize("words", [(), ("big",)])
def test_damage_is_named_by_path_and_digest(large: Anew, words: tuple[str, ...]) -> None:
    path = big(large)
    path.write_bytes(bytes(299_999) + b"x")
    document = check(large.json("verify", *words, check=12))
    (fault,) = document["faults"]
    assert (document["verdict"], fault["fault"], fault["path"]) == ("damaged", "damaged", "big.bin")
    assert fault["digest"] == f"b3:{path.parent.name}{path.name}"
    assert "big.bin" in large("verify", *words, check=12).stdout


def test_what_is_missing_is_named(large: Anew) -> None:
    big(large).unlink()
    (fault,) = check(large.json("verify", "big", check=12))["faults"]
    assert (fault["fault"], fault["aspect"]) == ("missing", "outputs")


def test_a_damaged_pack_is_found(mine: Anew) -> None:
    for path in (mine.store / "packs").iterdir():
        path.chmod(0o600)
        with path.open("r+b") as file:
            file.seek(40)
            file.write(b"\xff" * 40)
    assert check(mine.json("verify", check=12))["faults"]


def test_a_broken_ledger_is_found(mine: Anew) -> None:
    (path,) = (mine.store / "ledger").glob("*.jsonl")
    lines = path.read_bytes().split(b"\n")
    lines[1] = lines[1].replace(b'"named"', b'"noted"')
    path.write_bytes(b"\n".join(lines))
    document = check(mine.json("verify", check=12))
    assert document["verdict"] == "damaged"
    assert document["ledger"]["fault"]


def test_a_reference_is_no_fault(anew: Anew) -> None:
    anew.write("read.py", "open('in.txt').read()")
    anew.write("in.txt", "data")
    anew("run", "--keep", "none", "read.py")
    (anew.project / "in.txt").unlink()
    document = check(anew.json("verify"))
    assert (document["verdict"], document["referenced"]) == ("whole", 1)
    (gone,) = document["gone"]
    assert (gone["path"], "nothing lies at" in gone["why"]) == ("in.txt", True)
    anew.write("in.txt", "other")
    (gone,) = check(anew.json("verify"))["gone"]
    assert "other bytes" in gone["why"]
    anew.write("in.txt", "data")
    assert check(anew.json("verify"))["gone"] == []


def test_a_run_that_is_not_sealed_has_nothing_to_check(anew: Anew) -> None:
    process = anew.start("run", "--name", "slow", "cat", stdin=-1)
    while not anew.json("ls")["runs"]:
        pass
    assert check(anew.json("verify", "slow", check=27))["error"]["code"] == "not-sealed"
    process.communicate("", timeout=60)
