"""docs/clean-room.md says what is so: its session is typed here, line by line."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_commands_page import ids_of
from tests.conftest import Anew
from tests.stories.test_clean_room import why_not

PAGE = (Path(__file__).parents[2] / "docs" / "clean-room.md").read_text()


SHOWN = {"7n7xzb"}  # the run on the page


def masked(text: str, ids: set[str]) -> list[str]:
    lines = []
    for whole in text.splitlines():
        lent = whole.startswith("  lent by this machine")  # each machine has other folders
        line = whole.partition(":")[0] if lent else whole
        for run in ids:
            line = re.sub(rf"\b{run}\b", "RUN", line)
        line = re.sub(r"by \S+/python\S*", "by PYTHON", line)
        line = re.sub(r"\d[\d.,:-]*( ?[mµ]?s\b)?", "N", line)
        lines.append(re.sub(r" +", " ", line).strip())
    return [line for line in lines if line]


def test_the_session_of_the_page_comes_out_as_it_says(anew: Anew, tmp_path: Path) -> None:
    if why_not():
        pytest.skip(f"no clean room can be made here: {why_not()}")
    script = re.search(r'```python\n"""mean.py"""\n(.*?)```', PAGE, re.DOTALL)
    assert script is not None
    anew.write("mean.py", script[1])
    anew.write("data.csv", "1\n2\n4.5\n")
    place = tmp_path / "v"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    anew.environ["VIRTUAL_ENV"] = str(place)
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, expected = part.partition("\n")
            command, _, code = line.partition("   # exit code ")
            done = anew(*shlex.split(command)[1:], check=int(code or 0))
            told = [each for each in done.stderr.splitlines() if "archiv" not in each]
            assert masked(done.stdout + "\n".join(told), ids_of(anew)) == masked(expected, SHOWN)
