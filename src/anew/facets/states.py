"""The states of many files at once: in C where that was built, and the same in Python elsewhere."""

from __future__ import annotations

import ctypes
import os
from array import array
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from anew.model.tree import Stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# The numbers of a state, as states.c writes them and a Stamp has them.
STATE = DEVICE, INODE, SIZE, MODE, MODIFIED, CHANGED = range(6)
_LIBRARY = Path(__file__).with_name("libstates.so")
_ALL = 1 << 64  # an inode of the upper half is negative in C
_new = tuple.__new__  # a third of the time that Stamp's own takes: it is called for every file


@cache
def _stat_many() -> Callable[..., object] | None:
    """Return the function of the library; its name goes with its arguments."""
    try:
        return ctypes.CDLL(str(_LIBRARY)).anew_stat_many
    except (OSError, AttributeError):  # not built, or by another version
        return None


def stamps_in(folder: int, names: Sequence[str]) -> Iterable[Stamp]:
    """Return the state of each file in an open folder; links not followed, mode 0: none there."""
    numbers = _states(folder, blob(names), follow=False)
    stamps = [_new(Stamp, row) for row in zip(*[iter(numbers)] * len(STATE), strict=True)]
    if min(numbers[INODE :: len(STATE)], default=0) < 0:
        stamps = [stamp._replace(inode=stamp.inode % _ALL) for stamp in stamps]
    return stamps


def states_of(folder: str, names: bytes) -> array[int] | None:
    """Return the state of each file in `folder`, numbers end to end; an inode 0: there is none.

    The device is left out, 0 for all: its number may be another after a restart.

    Args:
        folder: its path; None is returned where it cannot be opened.
        names: paths relative to it, each ended by a NUL; links are followed.
    """
    try:
        top = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        found = _states(top, names, follow=True)
    finally:
        os.close(top)
    found[DEVICE :: len(STATE)] = array("q", bytes(8 * (len(found) // len(STATE))))
    return found


def _states(folder: int, names: bytes, *, follow: bool) -> array[int]:
    stat_many = _stat_many()
    if stat_many is None:
        return in_python(folder, names, follow=follow)
    count = names.count(0)
    found = array("q", bytes(8 * len(STATE) * count))
    address, _ = found.buffer_info()
    stat_many(folder, names, ctypes.c_uint64(count), follow, ctypes.c_void_p(address))
    return found


def in_python(folder: int, names: bytes, *, follow: bool) -> array[int]:
    """Return what the library would."""
    found = array("q")
    for name in names.split(b"\0")[:-1]:
        try:
            now = os.stat(name, dir_fd=folder, follow_symlinks=follow)
        except OSError:
            found.extend(0 for _ in STATE)
            continue
        inode = now.st_ino if now.st_ino < _ALL // 2 else now.st_ino - _ALL
        found.extend(
            (now.st_dev, inode, now.st_size, now.st_mode, now.st_mtime_ns, now.st_ctime_ns)
        )
    return found


def blob(names: Sequence[str]) -> bytes:
    """Return names, each ended by a NUL."""
    return os.fsencode("\0".join(names)) + b"\0" if names else b""
