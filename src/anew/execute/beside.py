"""Beside: work that is done while the program runs, in a process that takes what is idle only."""

import contextlib
import os
import signal
import time
from collections.abc import Callable

from anew.execute import room_calls

PAUSE = 0.5  # seconds between two looks for something to do
NICEST = 19


class Beside:
    """Does `work` in a process of its own once the file of notes has grown, and ends it.

    Args:
        notes: the file in which programs say that there is something to do.
        work: is called in the new process; it ends when there has been nothing to do for a while.
    """

    def __init__(self, notes: str, work: Callable[[], object]) -> None:
        self._notes, self._work = notes, work
        self._pid, self._size, self._looked = 0, 0, time.monotonic()

    def look(self) -> None:
        """Begin to work if there is something to do and nobody does it."""
        now = time.monotonic()
        if now - self._looked < PAUSE:
            return
        self._looked = now
        try:
            size = os.stat(self._notes).st_size
        except OSError:
            return
        if size == self._size or not self._is_over():
            return
        self._size = size
        with contextlib.suppress(OSError):  # no room for one more process: it is done at the end
            self._pid = _started(self._work)

    def end(self) -> None:
        """Stop at once: what is not done is done when the run is sealed."""
        if self._pid:
            with contextlib.suppress(OSError):
                os.kill(self._pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.waitpid(self._pid, 0)
            self._pid = 0

    def _is_over(self) -> bool:
        if self._pid:
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(self._pid, os.WNOHANG)[0] == 0:
                    return False
            self._pid = 0
        return True


def _started(work: Callable[[], object]) -> int:
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        _become_idle(parent)
        work()
    finally:
        os._exit(0)


def _become_idle(parent: int) -> None:
    """Give way to everybody, end with our parent, and hold nothing of the program's streams."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_IGN)
    room_calls.die_with_parent()
    if os.getppid() != parent:
        os._exit(0)
    os.nice(NICEST)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    room_calls.read_when_idle()
    os.closerange(0, 3)
    for _ in range(3):
        os.open(os.devnull, os.O_RDWR)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
