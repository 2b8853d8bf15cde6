"""The states of many files at once: in C where that was built, and the same in Python elsewhere."""

from __future__ import annotations

import ctypes
import os
from array import array
from functools import cache
from pathlib import Path

STATE = INODE, SIZE, MODIFIED, CHANGED = range(4)  # the numbers of a state, as states.c writes them
_LIBRARY = Path(__file__).with_name("libstates.so")
_LARGEST = 1 << 63  # an inode beyond is the same number, negative, as in C


@cache
def _library() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(str(_LIBRARY))
    except OSError:
        return None


def states_of(folder: str, names: bytes) -> array[int] | None:
    """Return the state of each file in `folder`: four numbers a file, zeros where there is none.

    Args:
        folder: its path; None is returned where it cannot be opened.
        names: paths relative to it, each ended by a NUL; links are followed.
    """
    try:
        top = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        library = _library()
        if library is None:
            return in_python(top, names)
        count = names.count(0)
        found = array("q", bytes(8 * len(STATE) * count))
        address, _ = found.buffer_info()
        library.anew_states(top, names, ctypes.c_uint64(count), ctypes.c_void_p(address))
        return found
    finally:
        os.close(top)


def in_python(folder: int, names: bytes) -> array[int]:
    """Return what `states_of` returns, without its library."""
    found = array("q")
    for name in names.split(b"\0")[:-1]:
        try:
            now = os.stat(name, dir_fd=folder)
        except OSError:
            found.extend((0, 0, 0, 0))
            continue
        inode = now.st_ino if now.st_ino < _LARGEST else now.st_ino - 2 * _LARGEST
        found.extend((inode, now.st_size, now.st_mtime_ns, now.st_ctime_ns))
    return found


def blob(names: tuple[str, ...]) -> bytes:
    """Return names as `states_of` takes them."""
    return b"".join(os.fsencode(name) + b"\0" for name in names)
