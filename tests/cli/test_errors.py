"""Errors say what, why and what to do next; each class has its exit code and one document."""

import json
import subprocess
from pathlib import Path

import pytest

from anew.cli.catalogue import COMMANDS
from tests.cli.conftest import check
from tests.conftest import Anew

ONE_RUN = ("show", "logs", "tag", "keep", "seal", "replay")


@pytest.mark.parametrize("command", ONE_RUN)
def test_an_unknown_run_is_21_with_near_names(recorded: Anew, command: str) -> None:
    error = check(recorded.json(command, "bsae", check=21))["error"]
    assert (error["code"], "`base`" in error["hint"]) == ("unknown-run", True)
    assert "bsae" in error["what"]


@pytest.mark.parametrize(
    "words",
    [
        ("diff", "base", "no"),
        ("get", "no", "-o", "x"),
        ("rm", "no", "-y"),
        ("verify", "no"),
        ("note", "no", "x"),
    ],
)
def test_an_unknown_run_among_others_is_21(recorded: Anew, words: tuple[str, ...]) -> None:
    assert check(recorded.json(*words, check=21))["error"]["code"] == "unknown-run"


@pytest.mark.parametrize("text", ["@0", "@99", "@", "@-1", ""])
def test_runs_are_counted_from_one_to_their_number(recorded: Anew, text: str) -> None:
    check(recorded.json("show", text, check=21))
    assert recorded("show", text, check=21).stderr.startswith("error: ")


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"run"}))
def test_wrong_usage_is_2_with_a_document(recorded: Anew, command: str) -> None:
    error = check(recorded.json(command, "--no-such-option", check=2))["error"]
    assert error["code"] == "usage"
    assert "--no-such-option" in error["what"]
    assert f"{command} --help" in error["hint"]


def test_an_unknown_command_is_2(recorded: Anew) -> None:
    assert "nonsense" in check(recorded.json("nonsense", check=2))["error"]["what"]
    assert recorded("nonsense", check=2).stderr.startswith("error: ")
    assert "Traceback" not in recorded(check=None).stderr


def test_an_empty_store_has_no_runs(anew: Anew) -> None:
    assert check(anew.json("ls"))["runs"] == []
    assert check(anew.json("show", "@1", check=21))["error"]["code"] == "unknown-run"
    assert check(anew.json("verify"))["verdict"] == "whole"


@pytest.mark.parametrize("command", [("ls",), ("show", "@1"), ("verify",), ("rm", "x", "-y")])
def test_a_store_that_is_a_file_is_26(anew: Anew, command: tuple[str, ...]) -> None:
    anew.write("file", "")
    error = check(anew.json(*command, check=26, environ={"ANEW_HOME": "file"}))["error"]
    assert error["code"] == "store"
    assert str(anew.project / "file") in error["what"]


def test_a_folder_that_is_no_store_is_26_and_left_alone(anew: Anew) -> None:
    anew.write("folder/thesis.tex", "text")
    error = check(anew.json("ls", "--store", "folder", check=26))["error"]
    assert "thesis.tex" in error["why"]
    assert [path.name for path in (anew.project / "folder").iterdir()] == ["thesis.tex"]


def test_a_store_of_a_newer_format_is_32(mine: Anew) -> None:
    path = mine.store / "format.json"
    form = json.loads(path.read_text())
    path.chmod(0o600)
    path.write_text(json.dumps({**form, "features": ["time-travel"]}))
    error = check(mine.json("ls", check=32))["error"]
    assert error["code"] == "unsupported"
    assert "time-travel" in error["why"]
    path.write_text("{}")
    assert check(mine.json("ls", check=26))["error"]["code"] == "store"


def test_a_broken_ledger_is_22(mine: Anew) -> None:
    (path,) = (mine.store / "ledger").glob("*.jsonl")
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([lines[0], b"no entry", *lines[2:]]))
    for cache in mine.home.rglob("runs-*.sqlite*"):
        cache.unlink()
    assert check(mine.json("ls", check=22))["error"]["code"] == "broken-ledger"


def test_a_missing_list_is_named(mine: Anew) -> None:
    for path in (mine.store / "packs").iterdir():
        path.unlink()
    document = mine.json("show", "base", check=20)
    assert check(document)["error"]["code"] == "missing-object"


def test_errors_in_text_have_no_traceback_and_a_hint(recorded: Anew) -> None:
    first, *rest = recorded("show", "nothing", check=21).stderr.splitlines()
    assert first.startswith("error: no run answers to `nothing`")
    assert rest[-1].startswith("hint: ")


def test_json_after_two_dashes_is_not_ours(anew: Anew) -> None:
    done = anew("run", "--", "no-such-program", "--json", check=127)
    assert done.stdout == ""
    assert done.stderr.startswith("anew: error: ")


def test_a_working_directory_that_is_gone_is_said(anew: Anew, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f"rmdir {gone}; exec anew ls --json"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=gone,
        env=anew.variables(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 26
    assert check(json.loads(done.stdout))["error"]["code"] == "store"
