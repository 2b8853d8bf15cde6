"""`anew ls` finds runs."""

import json
import os
import shlex
import shutil
import subprocess
from typing import Any

import pytest

from anew.cli import filters
from anew.model.errors import WrongUsage
from tests.conftest import ANEW, Anew


def commands(anew: Anew, *words: str) -> list[str]:
    return [run["command"] for run in anew.json("ls", *words)["runs"]]


BASE, FASTER, FAILED, ELSEWHERE = (
    "train.py",
    "train.py --lr 0.2",
    "train.py --fail",
    "sh -c 'echo x > y'",
)


def test_runs_of_the_present_project_the_latest_first(recorded: Anew) -> None:
    assert commands(recorded) == [FAILED, FASTER, BASE]
    assert commands(recorded, "--all") == [ELSEWHERE, FAILED, FASTER, BASE]


def test_replays_are_listed_if_asked_for(recorded: Anew) -> None:
    runs = recorded.json("ls", "--replays")["runs"]
    replay = next(run for run in runs if run["replay_of"])
    base = next(run for run in runs if run["name"] == "base")
    assert len(runs) == 4
    assert replay["replay_of"] == base["id"]
    assert (base["verdict"], replay["verdict"]) == ("identical", "identical")


def test_a_row_says_what_a_run_was(recorded: Anew) -> None:
    run: dict[str, Any] = recorded.json("ls", "--name", "base")["runs"][0]
    assert run["status"] == "finished"
    assert run["exit_code"] == 0
    assert run["tags"] == {"paper": "fig3"}
    assert run["notes"] == ["the first"]
    assert run["project"] == str(recorded.project)
    assert run["metrics"]["acc"] == {
        "last": 1 - 0.1 / 3,
        "min": 0.9,
        "max": 1 - 0.1 / 3,
        "count": 3,
    }
    assert run["metrics"]["odd"]["last"] == "NaN"
    assert 0 < run["duration_s"] < 60


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--name", "ba*"), [BASE]),
        (("--tag", "paper"), [BASE]),
        (("--tag", "paper=fig3"), [BASE]),
        (("--tag", "paper=fig4"), []),
        (("--tag", "sweep"), [FASTER]),
        (("--status", "failed"), [FAILED]),
        (("--param", "lr<0.2"), [FAILED, BASE]),
        (("--param", "lr<=0.2", "--param", "lr>0.1"), [FASTER]),
        (("--param", "fail=true"), [FAILED]),
        (("--metric", "loss>0.05"), [FASTER]),
        (("--metric", "acc>=0.95"), [FAILED, BASE]),
        (("--metric", "acc != 5"), [FAILED, FASTER, BASE]),
        (("--commit", "abc"), []),
        (("--file", "data/train.csv"), [FAILED, FASTER, BASE]),
        (("--file", "out/nothing"), []),
        (("--since", "1h"), [FAILED, FASTER, BASE]),
        (("--since", "2999-01-01"), []),
        (("--until", "2999-01-01"), [FAILED, FASTER, BASE]),
        (("--until", "1d"), []),
        (("--sort", "metric:loss"), [FASTER, FAILED, BASE]),
        (("--sort", "metric:loss", "--reverse", "--limit", "2"), [FAILED, BASE]),
        (("--sort", "started", "--reverse"), [BASE, FASTER, FAILED]),
        (("--limit", "1"), [FAILED]),
        (("FIRST",), [BASE]),
        (("--lr 0.2",), []),
        (("--", "--lr 0.2"), [FASTER]),
    ],
)
def test_filters(recorded: Anew, words: tuple[str, ...], found: list[str]) -> None:
    if words[0] == "--":
        done = recorded("ls", "--json", *words)
        assert [run["command"] for run in json.loads(done.stdout)["runs"]] == found
    elif words == ("--lr 0.2",):
        recorded("ls", *words, check=2)
    else:
        assert commands(recorded, *words) == found


def test_a_file_is_found_by_its_content_digest_and_recorded_path(recorded: Anew) -> None:
    outputs = recorded.json("show", "base")["outcome"]["outputs"]
    result = next(each for each in outputs if each["path"] == "out/result.txt")
    assert commands(recorded, "--file", result["digest"]) == [FAILED, BASE]
    assert commands(recorded, "--file", result["digest"][3:]) == [FAILED, BASE]
    assert commands(recorded, "--file", "y", "--all") == [ELSEWHERE]


def test_text_is_a_table_with_the_same_runs(recorded: Anew) -> None:
    head, *rows = recorded("ls").stdout.splitlines()
    assert head.split()[:3] == ["RUN", "NAME", "STATUS"]
    assert [row.rpartition("  ")[2] for row in rows] == [FAILED, FASTER, BASE]
    assert "\033" not in head


def test_an_empty_list_says_what_to_do_next(recorded: Anew, anew: Anew, tmp_path: Any) -> None:
    done = anew("ls")
    assert (done.stdout, "anew run" in done.stderr) == ("", True)
    (tmp_path / "new").mkdir()
    assert "anew ls --all" in recorded("ls", cwd=tmp_path / "new").stderr
    assert "without filters there are 3" in recorded("ls", "--name", "no").stderr


def test_size_is_what_a_run_takes_and_what_it_takes_alone(mine: Anew) -> None:
    mine.write("big.py", f"open('big.bin', 'wb').write({os.urandom(40_000)!r})")
    mine("run", "--name", "big", "big.py")
    run = mine.json("ls", "--size", "--name", "big")["runs"][0]
    assert run["stored_b"] > run["freed_by_rm_b"] > 80_000
    freed = mine.json("rm", "big", "--dry-run")["freed_b"]
    assert freed == run["freed_by_rm_b"]


def test_names_that_could_harm_a_terminal_are_escaped(anew: Anew) -> None:
    anew("run", "--tag", "k=\033[31m\n", "sh", "-c", "true", "é\n")
    out = anew("ls").stdout
    assert "\033" not in out
    assert "k=\\x1b[31m\\n" in out
    assert "é\\n" in out


@pytest.mark.parametrize(
    "words",
    [
        ("--param", "lr"),
        ("--metric", "acc>high"),
        ("--since", "yesteryear"),
        ("--file", "b3:12"),
        ("--sort", "colour"),
        ("--status", "odd"),
        ("--limit", "-1"),
    ],
)
def test_a_filter_that_says_nothing_is_wrong_usage(recorded: Anew, words: tuple[str, ...]) -> None:
    document = recorded.json("ls", *words, check=2)
    assert document["error"]["code"] == "usage"
    assert words[1] in document["error"]["what"]


def test_times_may_be_spans_days_and_moments_of_any_zone() -> None:
    now = "2026-03-10T12:00:00Z"
    assert filters.moment("90m", now) == "2026-03-10T10:30:00"
    assert filters.moment("1w", now) == "2026-03-03T12:00:00"
    assert filters.moment("2026-03-01T12:00+02:00", now) == "2026-03-01T10:00:00"
    assert filters.moment("2026-03-01", now) == "2026-03-01T00:00:00"
    assert filters.moment("2026-03-01", now, end_of_day=True) == "2026-03-02T00:00:00"
    with pytest.raises(WrongUsage, match="99999999999w"):
        filters.moment("99999999999w", now)


def test_a_run_that_goes_on_is_listed_as_running(anew: Anew) -> None:
    anew.write("wait.py", "input()")
    process = anew.start("run", "wait.py", stdin=-1)
    while not (runs := anew.json("ls")["runs"]):
        pass
    assert runs[0]["status"] == "running"
    assert runs[0]["duration_s"] is None
    process.communicate("x\n", timeout=60)
    assert anew.json("ls")["runs"][0]["status"] == "finished"


@pytest.mark.skipif(shutil.which("script") is None, reason="no `script` to make a terminal with")
def test_a_narrow_terminal_shows_commands_before_metrics(recorded: Anew) -> None:
    shown = {
        columns: subprocess.run(
            ["script", "-qc", f"stty cols {columns}; {shlex.join(ANEW)} ls", "/dev/null"],
            cwd=recorded.project, env=recorded.variables(), capture_output=True, text=True, check=True,
        ).stdout
        for columns in (75, 300)
    }  # fmt: skip
    assert all(each in text for each in (BASE, FASTER, FAILED) for text in shown.values())
    assert ("METRICS" in shown[75], "METRICS" in shown[300]) == (False, True)
    assert all(
        len(line.replace("\033[1m", "").replace("\033[0m", "")) <= 75
        for line in shown[75].splitlines()
    )
