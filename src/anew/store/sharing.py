"""Sharing out: work on many small things, done by as many processes as there are cores."""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Generic, TypeVar

Value = TypeVar("Value")

WORTH_A_PROCESS = 0.1  # seconds of work; to fork costs some ten milliseconds


@dataclass(frozen=True, slots=True)
class Piece(Generic[Value]):
    """Things that are better done one after the other. `cost` in seconds, roughly."""

    cost: float
    things: Sequence[Value]


@contextmanager
def shared_out(
    pieces: Iterable[Piece[Value]], work: Callable[[Sequence[Value]], None]
) -> Iterator[Callable[[], Iterator[Value]]]:
    """Let other processes do `work` on shares of the things in `pieces` while the block goes on.

    What is given yields what is left to be done here: what none was given, and, once they have
    ended, the share of each that failed, which `work` must have undone then.
    """
    shares = _shares(list(pieces))
    children = [(_fork(share, work), share) for share in shares[1:]]

    def left() -> Iterator[Value]:
        yield from shares[0]
        while children:
            child, share = children.pop()
            if os.waitpid(child, 0)[1] != 0:
                yield from share

    try:
        yield left
    finally:
        for child, _ in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _shares(pieces: list[Piece[Value]]) -> list[list[Value]]:
    """Deal `pieces` to shares that cost alike, the dearest first (Graham, 1969).

    There is one share where this process has threads, as those do not fork.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    count = max(1, min(cores, int(sum(piece.cost for piece in pieces) / WORTH_A_PROCESS)))
    if threading.active_count() > 1:
        count = 1
    shares: list[list[Piece[Value]]] = [[] for _ in range(count)]
    costs = [0.0] * count
    for piece in sorted(pieces, key=lambda piece: piece.cost, reverse=True):
        least = costs.index(min(costs))
        costs[least] += piece.cost
        shares[least].append(piece)
    return [list(chain.from_iterable(piece.things for piece in share)) for share in shares]


def _fork(things: Sequence[Value], work: Callable[[Sequence[Value]], None]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        work(things)
        os._exit(0)
    finally:
        os._exit(1)  # why is said when it is done again
