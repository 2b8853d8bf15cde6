"""Root seed to every hidden draw: a digest of root, kind, role, place and how often there.

Keyed by place and role, never by one counter: a library that draws once more or less moves no
other draw.
"""

from __future__ import annotations

from . import frames, roles, state
from .digests import digest

_counts: dict[tuple[str, str, str], int] = {}
drawn: dict[str, int] = {}  # kind -> how many were answered
seeded: set[str] = set()  # generators whose state the program set itself
START = "start"  # place of the state a global generator begins with, in a process or in a task


def bits(kind: str, place: str, count: int, *, role: str) -> int:
    """Return 512 bits for the `count`-th draw of a kind at a place."""
    text = f"anew\0{state.root}\0{kind}\0{role}\0{place}\0{count}"
    return int(digest(text, 64), 16)


def draw(kind: str, size: int, depth: int = 2) -> int:
    """Answer a request for `size` bits of entropy, made `depth` frames up."""
    place = frames.place(depth + 1)
    role = roles.current()
    key = kind, place, role
    count = _counts.get(key, 0)
    _counts[key] = count + 1
    drawn[kind] = drawn.get(kind, 0) + 1
    value = bits(kind, place, count, role=role)
    part = 0
    while (part + 1) * 512 < size:
        part += 1
        value = value << 512 | bits(f"{kind}+{part}", place, count, role=role)
    return value & ((1 << size) - 1)


def start_state(kind: str, size: int) -> int:
    """Return the state a global generator starts with in this process or task."""
    drawn[kind] = drawn.get(kind, 0) + 1
    return bits(kind, START, 0, role=roles.current()) & ((1 << size) - 1)


def after_fork() -> None:
    """Count from nought: how far the parent had come when it forked is an accident."""
    _counts.clear()
    drawn.clear()
    seeded.discard("random")  # Python has just given it entropy of its own
