"""Progress lines: those that a carriage return overwrites as often as the clock lets them."""

import re
from typing import NamedTuple

from anew.judge.masks import OPEN, Masker

_BREAK = re.compile(r"[\r\x08]+")
_BAR = re.compile(r"\d+%\||\d+/\d+|\d+%|it/s|s/it|/step")
_COUNTS = (re.compile(r"\d+/\d+"), re.compile(r"\d+(?:\.\d+)?%"))  # the more exact one first


class Progress(NamedTuple):
    """One line as it was overwritten: what it ended as, and the states seen on the way.

    `kept` are states that are no progress bar, in order; `bars` the last state seen at each count.
    """

    last: str
    kept: tuple[str, ...]
    bars: dict[str, str]
    returned: bool  # ends with a carriage return, as a line of Windows does
    by: frozenset[str]


def is_overwritten(line: str) -> bool:
    """Say whether a state of `line` was overwritten; not where it holds the mark of a mask."""
    return bool(_BREAK.search(line)) and OPEN not in line


def read(line: str, masker: Masker) -> Progress:
    """Take one line apart at its carriage returns and backspaces, each state masked."""
    masked = [masker.text(state) for state in _BREAK.split(line)]
    by = frozenset(name for state in masked for name in state.by)
    # blanks at the end wipe out what a longer state left there
    states = [state.text.rstrip(" ") for state in masked if state.text.strip()]
    kept: list[str] = []
    bars: dict[str, str] = {}
    for state in states[:-1]:
        count = _count(state) if _BAR.search(state) else None
        if count:
            bars[count] = state
        else:
            kept.append(state)
    return Progress(
        states[-1] if states else "", tuple(kept), bars, line.endswith(("\r", "\x08")), by
    )


def _count(state: str) -> str | None:
    """Return how far a progress bar says it has come."""
    found = next(filter(None, (pattern.search(state) for pattern in _COUNTS)), None)
    return found.group() if found else None


def pairs(left: Progress, right: Progress) -> list[tuple[str, str]] | None:
    """Return the states that have to agree: the last, those kept, those of a count both showed.

    None says that the lines cannot agree.
    """
    if left.returned is not right.returned or len(left.kept) != len(right.kept):
        return None
    both = sorted(left.bars.keys() & right.bars.keys())
    shown = [(left.bars[count], right.bars[count]) for count in both]
    return [(left.last, right.last), *zip(left.kept, right.kept, strict=True), *shown]
