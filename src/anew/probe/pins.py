"""Keeps the old bytes of a file before the program's first destructive act on it.

Each process copies under a private name and links it to the final one before it destroys: who comes
second finds the name taken and drops his copy, so that any number of processes need no lock.
"""

from __future__ import annotations

import os
import posix
from _thread import get_ident

from . import journal, state
from .paths import KIND, REGULAR, stamp, status
from .text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import stat_result

LIMIT = 64 << 20  # bytes
CHUNK = 1 << 20

origins: dict[str, tuple[str, str]] = {}  # new name of a file -> its old name and stamp


def keep(path: str, was: stat_result, *, going: bool = False) -> None:
    """Keep what lies at `path`; `going`: the name itself is about to go, so it may be linked."""
    if was.st_mode & KIND != REGULAR or 0 < state.started < was.st_mtime_ns:
        return
    name = f"{was.st_dev}-{was.st_ino}-{was.st_ctime_ns}"
    me = get_ident()
    journal.busy.add(me)
    try:
        reason = _keep(path, was, f"{state.spool}/pins/{name}", going)
    finally:
        journal.busy.discard(me)
    kind, last = ("lost", quote(reason)) if reason else ("pin", quote(name))
    journal.write(kind, f"{quote(path)},{stamp(was)},{last}")
    old = origins.get(path)
    if old is not None:
        journal.write(kind, f"{quote(old[0])},{old[1]},{last}")
    real = os.path.realpath(path)
    if real != path and not going:
        journal.write(kind, f"{quote(real)},{stamp(was)},{last}")


def _keep(path: str, was: stat_result, final: str, going: bool) -> str:  # noqa: FBT001
    """Return why it could not be kept, nothing if it was."""
    if going and was.st_nlink == 1 and _link(path, final):
        return ""
    limit = state.integer("pin_limit", LIMIT)
    if was.st_size > limit:
        return f"it was overwritten, and its {was.st_size} bytes are more than {limit}"
    try:
        return _copy(path, was, final)
    except FileExistsError:
        return ""
    except OSError as error:
        if not journal.is_ours(error):
            raise
        return f"it could not be copied: {error.strerror}"


def _link(path: str, final: str) -> bool:
    try:
        posix.link(path, final)
    except FileExistsError:
        return True
    except OSError:
        return False
    return True


def _copy(path: str, was: stat_result, final: str) -> str:
    if status(final) is not None:
        return ""
    private = f"{final}.{posix.getpid()}.{get_ident()}"
    source = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        target = posix.open(private, posix.O_WRONLY | posix.O_CREAT | posix.O_CLOEXEC, 0o600)
        try:
            try:
                _transfer(source, target, was.st_size)
            finally:
                posix.close(target)
            now = posix.fstat(source)
            if (now.st_ino, now.st_ctime_ns) != (was.st_ino, was.st_ctime_ns):
                return "it changed while it was being copied"
            posix.link(private, final)
        finally:
            posix.unlink(private)
    finally:
        posix.close(source)
    return ""


def _transfer(source: int, target: int, size: int) -> None:
    copy = getattr(posix, "copy_file_range", None)  # shares the blocks where the file system can
    left = size
    try:
        while copy is not None and left > 0:
            done = copy(source, target, left)
            if done == 0:
                break
            left -= done
    except OSError:
        left = size
        posix.lseek(source, 0, 0)
        posix.lseek(target, 0, 0)
    while True:
        data = posix.read(source, CHUNK)
        if not data:
            return
        while data:
            data = data[posix.write(target, data) :]
