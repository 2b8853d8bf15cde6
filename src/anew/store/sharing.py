"""Sharing out: work on many small things, done by as many processes as there are cores."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

Value = TypeVar("Value")

WORTH_A_PROCESS = 1500  # things; to fork costs as much as to write some hundred


@contextmanager
def shared_out(
    things: Sequence[Value], work: Callable[[Sequence[Value]], None]
) -> Iterator[Callable[[], Sequence[Value]]]:
    """Let other processes do `work` on parts of `things` while the block goes on.

    What is given waits for them and returns what is left to be done here: what none was given,
    and the part of each that failed, which `work` must have undone then.
    """
    shares = _shares(things)
    children = [(_fork(share, work), share) for share in shares[1:]]

    def left() -> Sequence[Value]:
        rest = list(shares[0])
        while children:
            child, share = children.pop()
            if os.waitpid(child, 0)[1] != 0:
                rest += share
        return rest

    try:
        yield left
    finally:
        for child, _ in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _shares(things: Sequence[Value]) -> list[Sequence[Value]]:
    """Cut `things` in stretches; into one where this process has threads, as those do not fork."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    count = max(1, min(cores, len(things) // WORTH_A_PROCESS))
    if threading.active_count() > 1:
        count = 1
    size = -(-len(things) // count)
    return [things[size * number : size * (number + 1)] for number in range(count)]


def _fork(things: Sequence[Value], work: Callable[[Sequence[Value]], None]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        work(things)
        os._exit(0)
    finally:
        os._exit(1)  # why is said when it is done again
