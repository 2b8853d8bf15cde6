"""docs/commands.md says what is so: its session is typed here, line by line."""

import os
import re
import shlex
import venv
from pathlib import Path

from tests.conftest import Anew

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text()
MASKS = (
    (re.compile(r"b3:[0-9a-f]+…?"), "DIGEST"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "SEED"),
    (re.compile(r"\d[\d.,:-]*"), "N"),
    (re.compile(r"\S*/(?=\w)"), ""),  # folders
    (re.compile(r" +"), " "),
)
VARIES = (
    "machine",
    "environment",
    "seeds",
    "coverage",
    "recipe",
    "anew: run ",
    "run ",
    "  command argv",
)


def session() -> list[tuple[str, list[str]]]:
    """Return each command of the page with the lines it shows."""
    commands: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                commands.append((line[2:], []))
            elif line:
                commands[-1][1].append(line)
    return commands


def masked(lines: list[str], ids: set[str]) -> list[str]:
    """Return lines without what another run must not share."""
    text = "\n".join(line for line in lines if line and not line.startswith(VARIES))
    for run in sorted(ids, key=len, reverse=True):
        text = re.sub(rf"\b{run}\b", "RUN", text)
    for mask, name in MASKS:
        text = mask.sub(name, text)
    return [line.strip() for line in text.splitlines()]


def ids_of(anew: Anew) -> set[str]:
    whole = {run["id"] for run in anew.json("ls", "--all", "--replays")["runs"]}
    return whole | {run[:6] for run in whole}


def test_the_session_of_the_page_comes_out_as_it_says(anew: Anew) -> None:
    script = re.search(r'```python\n"""train.py"""\n(.*?)```', PAGE, re.DOTALL)
    assert script is not None
    venv.create(anew.home / "bare")  # an environment without Anew: what it uses is no code
    anew.environ["VIRTUAL_ENV"] = str(anew.home / "bare")
    anew.environ["SOURCE_DATE_EPOCH"] = "0"  # else two runs differ in it, or not
    anew.write("train.py", script[1])
    anew.write("data.csv", "1\n2\n3.5\n")
    theirs = set(re.findall(r"\brun ([a-z2-7]{26})\b", PAGE))
    theirs |= set(re.findall(r"^([a-z2-7]{26})$", PAGE, re.MULTILINE))
    theirs |= set(re.findall(r"run ([a-z2-7]{6}) sealed", PAGE))
    ours: set[str] = set()
    for line, shown in session():
        words, _, comment = line.partition("   # exit code ")
        program, *arguments = shlex.split(words)
        assert program == "anew"
        done = anew(*arguments, check=int(comment or 0))
        ours |= ids_of(anew)
        out = (done.stdout + done.stderr).replace(os.fspath(anew.project), "/home/ada/rates")
        assert masked(out.splitlines(), ours) == masked(shown, theirs), line


def test_each_option_of_the_page_exists(anew: Anew) -> None:
    helps = {
        name: anew(name, "--help").stdout
        for name in (
            "run",
            "ls",
            "show",
            "logs",
            "diff",
            "tag",
            "get",
            "rm",
            "verify",
            "keep",
            "note",
        )
    }
    options = set(re.findall(r"`(--[a-z]+[a-z-]*)", PAGE)) - {"--lr"}
    known = set(re.findall(r"--[a-z-]+", " ".join(helps.values())))
    assert options - known == set()
