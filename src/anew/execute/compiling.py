"""Compiles the recorder for an interpreter before it starts the program, the same for every place.

An interpreter that compiles has other objects in its memory, at other addresses, than one that
finds all compiled; and in what Python compiles itself stands the path it was compiled at. A program
that goes by addresses would end otherwise when it is replayed.
"""

import contextlib
import os
from pathlib import Path

from anew.probe import inject

OLDEST = 9  # the N of the oldest Python 3.N that is recorded
_TIMEOUT = 30.0  # seconds
_LONGEST = 4096  # bytes of a pyvenv.cfg
_VERSIONS = (b"version", b"version_info")  # as `venv` and as others call it there
_COMPILER = os.path.join(os.path.dirname(__file__), "recorder_code.py")  # runs by itself
_STARTS = "recorder"  # its name in the cache begins so


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
    here = _minor_of(program)
    minor = version.split(".")[1] if version else here
    if not minor.isdigit() or int(minor) < OLDEST:
        return
    tag = f"cpython-3{minor}"
    folder = os.path.dirname(inject.FOLDER)
    with contextlib.suppress(OSError):
        kept = cache / f"{_STARTS}-{tag}-{_state(folder)}"
        if not kept.exists() and here == minor:
            _compile(program, folder, kept)
            _forget(cache, f"{_STARTS}-{tag}-", kept.name)
        # No link: programs may write to the spool, and it may be given to another user.
        (spool / f"code.{tag}").write_bytes(kept.read_bytes())


def _minor_of(program: str) -> str:
    """Return the N of an interpreter of Python 3.N: from its name, or what its environment says."""
    name, _, minor = os.path.basename(program).partition(".")
    if minor or name not in ("python", "python3"):
        return minor if name == "python3" else ""
    try:  # a copy, as some environments have
        with open(f"{os.path.dirname(os.path.dirname(program))}/pyvenv.cfg", "rb") as stream:
            lines = [line.partition(b"=") for line in stream.read(_LONGEST).splitlines()]
    except OSError:
        return ""
    said = [value.strip() for key, _, value in lines if key.strip() in _VERSIONS]
    three, _, rest = said[0].partition(b".") if said else (b"", b"", b"")
    return rest.partition(b".")[0].decode("ascii", "replace") if three == b"3" else ""


def _state(folder: str) -> str:
    """Return what changes when the recorder does, or is installed again."""
    with os.scandir(folder) as entries:
        states = [each.stat() for each in entries if each.name.endswith(".py")]
    states += [os.stat(inject.START), os.stat(_COMPILER)]
    last = max(max(each.st_mtime_ns, each.st_ctime_ns) for each in states)
    return f"{len(states)}-{sum(each.st_size for each in states)}-{last}"


def _compile(program: str, folder: str, kept: Path) -> None:
    import subprocess  # noqa: PLC0415 - slow to load, and seldom needed

    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_name(f"{kept.name}.{os.getpid()}")
    try:
        subprocess.run(
            [program, "-I", "-S", _COMPILER, folder, str(part)],
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
