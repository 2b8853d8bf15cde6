"""Compiles the recorder for an interpreter before it starts the program, the same for every place.

An interpreter that compiles has other objects in its memory, at other addresses, than one that
finds all compiled; and in what Python compiles itself stands the path it was compiled at. A program
that goes by addresses would end otherwise when it is replayed.
"""

import contextlib
import os
from pathlib import Path

from anew.probe import inject

_TIMEOUT = 30.0  # seconds
_STARTS = "recorder"  # its name in the cache begins so
# Runs in the interpreter it is for, of any supported version: writes the magic number of what it
# compiles, how long the list of parts is, the list, the parts. `sitecustomize` reads it.
_COMPILE = """
import importlib.util, marshal, os, sys
folder, to = sys.argv[1:]
parts, index, at = [], {}, 0
for name in sorted(os.listdir(folder)):
    if name.endswith(".py"):
        with open(os.path.join(folder, name), "rb") as stream:
            code = compile(stream.read(), "<anew>/" + name, "exec", dont_inherit=True)
        data = marshal.dumps(code)
        index[name[:-3]] = at, len(data)
        parts.append(data)
        at += len(data)
head = marshal.dumps(index)
with open(to, "wb") as stream:
    stream.write(importlib.util.MAGIC_NUMBER + len(head).to_bytes(4, "little") + head)
    stream.write(b"".join(parts))
"""


def put_recorder(program: str, cache: Path, spool: Path, version: str = "") -> None:
    """Put the recorder, compiled for `program` where that is CPython, into a spool.

    It is compiled once for each version, and kept in `cache`. Where that cannot be, an interpreter
    loads the recorder as Python loads any package.

    Args:
        program: where the program lies here, if it does.
        cache: the folder for what can be lost.
        spool: the spool of the run.
        version: that of the interpreter, where it lies in a container.
    """
    program = os.path.realpath(program)
    name, _, minor = os.path.basename(program).partition(".")
    found = name == "python3" and minor.isdigit()
    if version:
        wanted = version.split(".")[1]
        found, minor = found and minor == wanted, wanted
    if not found and not version:
        return
    tag = f"cpython-3{minor}"
    folder = os.path.dirname(inject.FOLDER)
    with contextlib.suppress(OSError):
        kept = cache / f"{_STARTS}-{tag}-{_state(folder)}"
        if not kept.exists() and found:
            _compile(program, folder, kept)
            _forget(cache, f"{_STARTS}-{tag}-", kept.name)
        _give(kept, spool / f"code.{tag}")


def _state(folder: str) -> str:
    """Return what changes when the recorder does."""
    with os.scandir(folder) as entries:
        states = [each.stat() for each in entries if each.name.endswith(".py")]
    last = max(each.st_mtime_ns for each in states)
    return f"{len(states)}-{sum(each.st_size for each in states)}-{last}"


def _compile(program: str, folder: str, kept: Path) -> None:
    import subprocess  # noqa: PLC0415 - slow to load, and seldom needed

    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_name(f"{kept.name}.{os.getpid()}")
    try:
        subprocess.run(
            [program, "-I", "-S", "-c", _COMPILE, folder, str(part)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT, check=True, cwd="/",
        )  # fmt: skip
        part.replace(kept)
    except subprocess.SubprocessError as error:
        raise OSError(str(error)) from error
    finally:
        part.unlink(missing_ok=True)


def _forget(cache: Path, starts: str, besides: str) -> None:
    for each in cache.glob(f"{starts}*"):
        if each.name != besides and "." not in each.name:
            each.unlink(missing_ok=True)


def _give(kept: Path, to: Path) -> None:
    try:
        os.link(kept, to)  # nobody writes to either
    except OSError:
        to.write_bytes(kept.read_bytes())
