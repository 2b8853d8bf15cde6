"""From what the user typed to what is executed: which program, which interpreter, which script."""

import os
import shutil
from collections.abc import Mapping, Sequence

from msgspec import Struct

from anew.model.errors import ProgramNotExecutable, ProgramNotFound

SHELLS = ("sh", "bash", "dash", "zsh", "ksh")


class Resolved(Struct, frozen=True):
    """`argv` with its first word as an absolute path; `interpreter` where we chose one."""

    argv: tuple[str, ...]
    script: str | None = None
    interpreter: str | None = None


def resolve(
    command: Sequence[str], directory: str, project: str, environ: Mapping[str, str]
) -> Resolved:
    """Return what is to be executed for `command`, typed in `directory`.

    Raises:
        ProgramNotFound, ProgramNotExecutable: there is no such program, or it cannot be started.
    """
    first = command[0]
    if first.endswith(".py") and not os.access(os.path.join(directory, first), os.X_OK):
        return _with_interpreter(command, directory, project, environ)
    if first.endswith(".py") and "/" not in first:
        return _with_interpreter(command, directory, project, environ)
    program = _found(first, directory, environ)
    return Resolved((program, *command[1:]), _script(command))


def _with_interpreter(
    command: Sequence[str], directory: str, project: str, environ: Mapping[str, str]
) -> Resolved:
    script = os.path.join(directory, command[0])
    if not os.path.exists(script):
        raise ProgramNotFound(
            f"there is no file {command[0]}",
            why=f"looked in {directory}",
            hint="check its name, or put the program in front: `anew run -- python -m package`",
        )
    python = interpreter(project, environ)
    if python is None:
        raise ProgramNotFound(
            f"no Python to run {command[0]} with",
            why="looked for VIRTUAL_ENV, CONDA_PREFIX, .venv in the project, python and python3",
            hint="activate an environment, or name the interpreter: `anew run -- python3 x.py`",
        )
    return Resolved((python, *command), command[0], python)


def interpreter(project: str, environ: Mapping[str, str]) -> str | None:
    """Return the interpreter for a bare script, in the documented order."""
    places = []
    if environ.get("VIRTUAL_ENV"):
        places.append(environ["VIRTUAL_ENV"])
    if environ.get("CONDA_PREFIX") and environ.get("CONDA_DEFAULT_ENV") != "base":
        places.append(environ["CONDA_PREFIX"])
    places.append(f"{project}/.venv")
    for place in places:
        python = f"{place}/bin/python"
        if os.access(python, os.X_OK):
            return python
    path = environ.get("PATH", os.defpath)
    return shutil.which("python", path=path) or shutil.which("python3", path=path)


def _found(name: str, directory: str, environ: Mapping[str, str]) -> str:
    if "/" in name:
        program = os.path.normpath(os.path.join(directory, name))
        if os.path.isdir(program) or not os.path.exists(program):
            raise ProgramNotFound(
                f"cannot start {name}",
                why="it is a folder" if os.path.isdir(program) else "there is no such file",
                hint="check its name",
            )
        if not os.access(program, os.X_OK):
            raise ProgramNotExecutable(
                f"cannot start {name}",
                why="it may not be executed",
                hint=f"`chmod +x {name}`, or put its interpreter in front",
            )
        return program
    found = shutil.which(name, path=environ.get("PATH", os.defpath))
    if found is None:
        raise ProgramNotFound(
            f"cannot start `{name}`",
            why="no folder of PATH has a program of that name",
            hint="check its name, or activate the environment it lies in",
        )
    return os.path.abspath(found)


def _script(command: Sequence[str]) -> str | None:
    """Return the script in a command such as `python -u x.py`, where that is easy to see."""
    for word in command[1:]:
        if not word.startswith("-"):
            return word
        if word in ("-c", "-m"):
            return None
    return None


def reads_script_from_stdin(argv: Sequence[str]) -> bool:
    """Say whether the program takes its own text from stdin: `python -`, `python`, `bash`."""
    name = os.path.basename(argv[0])
    rest = [word for word in argv[1:] if word == "-" or not word.startswith("-")]
    if name.startswith("python") or name in SHELLS:
        has_text = any(word in ("-c", "-m") for word in argv[1:])
        return not has_text and (not rest or rest[0] == "-")
    return False
