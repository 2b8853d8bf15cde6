"""No digest without a proof: which bytes may stand for the state a program saw."""

from enum import StrEnum

from msgspec import Struct

from anew.model.inputs import Proof
from anew.model.tree import Stamp
from anew.trace.histories import History


class Source(StrEnum):
    """Where the bytes of a state can be read from now."""

    PLACE = "place"  # at its own path, where the stamp must still be the same
    PIN = "pin"
    MOVED = "moved"  # under the name it was renamed to


class Bytes(Struct, frozen=True):
    """Where to read a state from, the stamp it must have there (None: any), and the proof."""

    source: Source
    name: str
    stamp: Stamp | None
    proof: Proof


def bytes_of_first(history: History) -> Bytes | None:
    """Return where the bytes of the state that the run found can be had; None where they are lost.

    The order is that of research: a file that stands unchanged is read where it is; else the copy
    taken before the first destructive act; else the file under its new name.
    """
    first = history.first
    if first is None:
        return None
    if history.last == first or (history.last is not None and history.last in history.alike):
        return Bytes(Source.PLACE, history.path, history.last, Proof.STAMP)
    if history.linked and history.last is not None and is_moved(first, history.last):
        return Bytes(Source.PLACE, history.path, history.last, Proof.STAMP)
    for state in (first, *history.alike):
        if state in history.pins:
            return Bytes(Source.PIN, history.pins[state], None, Proof.PREIMAGE)
    if history.moved_to is not None:
        return Bytes(Source.MOVED, history.moved_to, (first, *history.alike)[-1], Proof.STAMP)
    return None


def is_moved(before: Stamp, now: Stamp) -> bool:
    """Say whether `now` is the state `before` after a rename, which moves the time of change."""
    return before._replace(changed=0) == now._replace(changed=0)


def why_lost(history: History) -> str:
    """Return why the state the run found is gone, in words that end a sentence."""
    if history.first is not None and history.first in history.lost:
        return history.lost[history.first]
    if history.met:
        return "another program made it while the run went on, and it changed again"
    if history.unseen:
        return "it was changed by something that cannot be seen from inside Python"
    return "it changed before it could be kept"
