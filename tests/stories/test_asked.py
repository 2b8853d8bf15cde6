"""Environment variables that were really read are told from those merely there."""

import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import Anew

ASKING = {
    "subscript": "os.environ['MODE']",
    "getenv": "os.getenv('MODE')",
    "get": "os.environ.get('MODE', 'x')",
    "in": "'MODE' in os.environ",
    "bytes": "os.environb[b'MODE']",
    "filtered": "[os.environ[k] for k in os.environ if k == 'MODE']",
    "in a child": "__import__('subprocess').check_output([sys.executable, '-c', "
    "'import os; os.environ[\"MODE\"]'])",
}
PASSING = {
    "copy": "os.environ.copy()",
    "dict": "dict(os.environ)",
    "unpacked": "{**os.environ}",
    "items": "list(os.environ.items())",
    "child": "__import__('subprocess').run(['/bin/true'], env={**os.environ, 'B': '1'})",
    "deep copy": "__import__('copy').deepcopy(os.environ)",
    "own": "os.environ.__setitem__('MODE', '2') or os.environ['MODE']",
}


def variables(anew: Anew) -> dict[str, dict[str, Any]]:
    configuration = anew.json("show", "@1")["recipe"]["configuration"]
    return {each["name"]: each for each in configuration["variables"]}


@pytest.mark.parametrize("how", ASKING)
def test_asking_is_told(anew: Anew, how: str) -> None:
    anew.write("ask.py", f"import os, sys\n{ASKING[how]}\n")
    anew("run", sys.executable, "ask.py", environ={"MODE": "fast", "UNUSED": "1"})
    found = variables(anew)
    assert (found["MODE"]["read"], found["UNUSED"]["read"]) == (True, False)


@pytest.mark.parametrize("how", PASSING)
def test_passing_all_on_is_no_asking(anew: Anew, how: str) -> None:
    anew.write("pass.py", f"import os, sys\n{PASSING[how]}\n")
    anew("run", sys.executable, "pass.py", environ={"MODE": "fast"})
    assert not variables(anew)["MODE"]["read"]


def test_what_is_not_set_is_named(anew: Anew) -> None:
    anew.write("ask.py", "import os\nprint(os.environ.get('NOT_THERE', 'default'))\n")
    anew("run", "ask.py")
    assert "NOT_THERE" in anew.json("show", "@1")["recipe"]["configuration"]["unset"]
    lines = anew("show", "@1", "--env").stdout.splitlines()
    assert any(line.split() == ["NOT_THERE", "read", "<not", "set>"] for line in lines)


def test_compiled_programs_tell_too(anew: Anew) -> None:
    anew.write("list.sh", "ls -C > names.txt\n")
    anew("run", "bash", "list.sh", environ={"COLUMNS": "40", "UNUSED": "1"})
    found = variables(anew)
    assert (found["COLUMNS"]["read"], found["UNUSED"]["read"]) == (True, False)


def test_the_program_sees_nothing_of_it(anew: Anew) -> None:
    code = """
import copy, os, pickle, posix
print(os.environ._data is posix.environ, isinstance(os.environ._data, dict))
print(type(copy.copy(os.environ._data)), type(pickle.loads(pickle.dumps(posix.environ))))
os.environ["MADE"] = "1"
print(posix.environ[b"MADE"], os.environb[b"MADE"], os.getenv("MADE"), os.popen("echo $MADE").read())
del os.environ["MADE"]
print(b"MADE" in posix.environ, os.environ.pop("MADE", None), os.environ.setdefault("MADE", "2"))
os.environ["ABSENT"]
"""
    anew.write("odd.py", code)
    plain = subprocess.run(
        [sys.executable, "odd.py"], cwd=anew.project, env=anew.variables(), text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    recorded = anew("run", sys.executable, "odd.py", check=1)
    assert recorded.stdout == plain.stdout
    ours = [line for line in recorded.stderr.splitlines() if not line.startswith("anew: ")]
    assert ours == plain.stderr.splitlines()
