"""Go programs call the kernel themselves, also those that are linked dynamically: a gap, or followed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from anew.facets.instructions import is_go
from tests.conftest import Anew

PROGRAM = """\
package main

// #include <stdlib.h>
import "C"
import "os"

func main() {
    data, _ := os.ReadFile("in.txt")
    os.WriteFile("out.txt", append(data, 'x'), 0644)
    C.free(nil)
}
"""


@pytest.fixture
def dynamic(anew: Anew) -> Anew:
    if shutil.which("go") is None or shutil.which("gcc") is None:
        pytest.skip("no Go, or no compiler for its C")
    anew.write("src/main.go", PROGRAM)
    environ = {**os.environ, "CGO_ENABLED": "1", "GO111MODULE": "off", "GOFLAGS": "",
               "GOCACHE": str(anew.home / "go"), "GOPATH": str(anew.home / "gopath")}  # fmt: skip
    subprocess.run(["go", "build", "-o", str(anew.home / "program"), "main.go"], check=True,
                   cwd=anew.project / "src", env=environ, capture_output=True)  # fmt: skip
    shutil.rmtree(anew.project / "src")
    anew.write("in.txt", "a")
    return anew


def test_a_go_program_is_named_although_it_loads_our_library(dynamic: Anew) -> None:
    program = dynamic.home / "program"
    assert b"/ld-linux" in program.read_bytes()
    assert is_go(str(program))
    dynamic("run", str(program))
    gaps = dynamic.json("show", "@1")["coverage"]["gaps"]
    assert [gap["what"] for gap in gaps if "is a Go program" in gap["what"]]


def test_it_is_followed_where_that_is_asked_for(dynamic: Anew) -> None:
    done = dynamic("run", "--trace=full", str(dynamic.home / "program"))
    if "cannot" in done.stderr:
        pytest.skip("programs cannot be followed here")
    shown = dynamic.json("show", "@1")
    assert "in.txt" in dynamic("show", "@1", "--inputs").stdout
    assert not [gap for gap in shown["coverage"]["gaps"] if "Go program" in gap["what"]]


@pytest.mark.parametrize("path", ["/bin/sh", "/bin/cat", "/etc/passwd", "/nowhere", "/"])
def test_others_are_not(path: str) -> None:
    assert not is_go(path)


def test_nothing_in_a_file_raises(tmp_path: Path) -> None:
    for size in (0, 3, 40, 64, 100, 2000):
        head = Path("/bin/sh").read_bytes()[:size]
        (tmp_path / "cut").write_bytes(head)
        assert not is_go(str(tmp_path / "cut"))
