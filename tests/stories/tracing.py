"""Programs that no library can be loaded into, and what a run of one holds under `--trace=full`."""

import shutil
import subprocess

import pytest

from tests.conftest import Anew

COPIES = """
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
    char text[64];
    int in = open("in.txt", O_RDONLY), out = open("out.txt", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    int size = read(in, text, sizeof text);
    return size < 1 || write(out, text, size) != size;
}
"""


def compiled(anew: Anew, *words: str, source: str = COPIES, name: str = "program") -> str:
    """Compile `source`; skip where this machine has no compiler for it."""
    compiler, options = "cc", words
    if words and not words[0].startswith("-"):
        compiler, options = words[0], words[1:]
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    anew.write(f"{name}.c", source)
    done = subprocess.run(
        [compiler, "-w", "-o", name, f"{name}.c", *options],
        cwd=anew.project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"{compiler} cannot here: {' '.join(options)}: {done.stderr.strip()[-200:]}")
    (anew.project / f"{name}.c").unlink()
    return f"./{name}"


def run(anew: Anew, *words: str) -> dict[str, object]:
    anew("run", "--trace=full", "--name", "a", "--", *words)
    return anew.json("show", "a")


def inputs(anew: Anew) -> set[str]:
    found = anew.json("show", "a")["recipe"]["inputs"]
    return {each["path"] for each in found if each["kind"] == "file"}


def outputs(anew: Anew) -> set[str]:
    return {each["path"] for each in anew.json("show", "a")["outcome"]["outputs"]}


def gaps(anew: Anew) -> list[str]:
    found = anew.json("show", "a")["coverage"]["gaps"]
    return [each["what"] for each in found if each["aspect"] != "seeds"]


def comes_back(anew: Anew) -> None:
    shutil.rmtree(anew.project)
    done = anew("replay", "a", cwd="/", check=None)
    assert done.stdout.startswith("anew: identical"), done.stdout + done.stderr
