"""docs/inputs.md says what is so: its session is typed here, line by line."""

import re
import shlex
from pathlib import Path

from tests.cli.test_commands_page import ids_of
from tests.conftest import Anew

PAGE = (Path(__file__).parents[2] / "docs" / "inputs.md").read_text()
SHOWN = {"u4vzef"}  # the run on the page
OF_THE_MACHINE = ("installed", "virtual environment", "byte-compiled", "system")


def masked(text: str, ids: set[str], project: str) -> list[str]:
    lines = []
    for whole in text.replace(project, "/home/ada/rates").splitlines():
        if whole.startswith(OF_THE_MACHINE):
            continue
        line = whole
        for run in ids:
            line = re.sub(rf"\b{run}\b", "RUN", line)
        line = re.sub(r"\S*/bash\b", "bash", line)
        line = re.sub(r"\d[\d.,:-]*( ?[mµ]?s\b)?", "N", line)
        lines.append(re.sub(r"[ │├└─]+", " ", line).strip())
    return sorted(line for line in lines if line)


def test_the_session_of_the_page_comes_out_as_it_says(anew: Anew) -> None:
    shell = re.search(r"```sh\n# rates.sh\n(.*?)```", PAGE, re.DOTALL)
    script = re.search(r'```python\n"""prep.py"""\n(.*?)```', PAGE, re.DOTALL)
    settings = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert shell is not None
    assert script is not None
    assert settings is not None
    anew.write("rates.sh", shell[1])
    anew.write("prep.py", script[1])
    anew.write("anew.toml", settings[1])
    anew.write("data/v1.csv", "3\n1\n2\n")
    anew.write("data/raw.bin", "0" * 4096)
    (anew.project / "latest.csv").symlink_to("data/v1.csv")
    (anew.project / "scratch").mkdir()
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, expected = part.partition("\n")
            done = anew(*shlex.split(line)[1:])
            place = str(anew.project)
            shown = masked(done.stdout + done.stderr, ids_of(anew), place)
            assert shown == masked(expected, SHOWN, place)
    assert anew.json("replay", "@1")["verdict"] == "identical"
    assert "RATES_LIMIT" in anew.json("show", "@1")["recipe"]["configuration"]["unset"]
