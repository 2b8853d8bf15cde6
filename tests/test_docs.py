"""What the pages show is what happens."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MASKS = (
    (r"run [a-z2-7]{6,26}", "run ID"),
    (r"\d+(\.\d+)? (ms|s)\b", "TIME"),
    (r"/[\w./-]*anew-demo[\w-]*", "/tmp/anew-demo"),
    (r"by .+/python\S*", "by PYTHON"),
    (r"\d+ packages", "N packages"),
    (r"\d\d(\.\d+)?$", "MEAN"),
)


def masked(text: str) -> list[str]:
    lines = []
    for line in text.strip().splitlines():
        hidden = line
        for pattern, name in MASKS:
            hidden = re.sub(pattern, name, hidden)
        lines.append(hidden)
    return lines


def unordered(lines: list[str]) -> list[str]:
    """Sort the sites: the order of a folder's entries is the file system's."""
    return sorted(lines)


def test_readme_shows_what_the_demonstration_prints() -> None:
    if not (ROOT / ".venv" / "bin" / "python").exists():
        pytest.skip("the demonstration would set up an environment: run tools/test.py")
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "demo.py")],
        capture_output=True, text=True, check=False, cwd=ROOT, stdin=subprocess.DEVNULL,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )  # fmt: skip
    page = (ROOT / "README.md").read_text()
    (shown,) = re.findall(r"<!-- demo -->\n```console\n(.*?)```", page, re.DOTALL)

    printed = done.stdout + "\n".join(
        line for line in done.stderr.splitlines() if line.startswith("anew: ")
    )
    assert unordered([line for line in masked(printed) if line]) == unordered(
        [line for line in masked(shown) if line]
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    "page",
    ["README.md", "ARCHITECTURE.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))],
)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target


def test_every_command_has_help_and_stands_in_the_pages() -> None:
    from anew.cli.catalogue import COMMANDS

    page = (ROOT / "docs" / "commands.md").read_text()
    for command in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "anew", command, "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert len(done.stdout.splitlines()) > 3
        assert f"anew {command}" in page
