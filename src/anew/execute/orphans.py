"""Orphans: processes that the program started and that outlive it; we become their parent."""

import contextlib
import os
import time
from collections.abc import Collection

from anew.execute.room_calls import adopt_orphans

PATIENCE = 2.0  # seconds that what outlives the program is waited for
PAUSE = 0.005  # seconds between two looks


def adopt() -> None:
    """From now on, let processes whose parent ends become children of this one."""
    adopt_orphans()


def wait(others: Collection[int]) -> tuple[str, ...]:
    """Wait a little for the children that are left, but `others`; return who still runs then."""
    until = time.monotonic() + PATIENCE
    while True:
        left = running(others)
        if not left or time.monotonic() > until:
            return tuple(sorted({_name(pid) for pid in left}))
        time.sleep(PAUSE)


def running(others: Collection[int]) -> list[int]:
    """Return the children that have not ended, but `others`."""
    return [pid for pid in _children() if pid not in others and not _is_over(pid)]


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", "rb") as stream:
            return [int(word) for word in stream.read().split()]
    except OSError:  # this kernel does not tell
        return []


def _is_over(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    return True


def _name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as stream:
            return stream.read().strip()
    except OSError:
        return str(pid)
