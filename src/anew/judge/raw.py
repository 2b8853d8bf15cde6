"""Files that no reader knows: their bytes, and where the first of them differs."""

from collections.abc import Iterable
from itertools import zip_longest

from anew.judge.finding import Finding
from anew.model.verdict import Answer


def compare_bytes(left: Iterable[bytes], right: Iterable[bytes], sizes: tuple[int, int]) -> Finding:
    """Name the first byte at which two streams of pieces of one length differ: never identical."""
    start = 0
    for here, there in zip_longest(left, right, fillvalue=b""):
        if here != there:
            return Finding(Answer.DIVERGED, other_bytes(sizes, start + _first(here, there)))
        start += len(here)
    return Finding(Answer.INCONCLUSIVE, "other digests over the same bytes: a record is damaged")


def other_bytes(sizes: tuple[int, int], first: int | None = None) -> str:
    """Say that bytes differ, of which sizes, and from which byte on, counted from 0."""
    left, right = sizes
    size = f"{left:,} B on both sides" if left == right else f"{left:,} B and {right:,} B"
    return f"other bytes, {size}" + ("" if first is None else f", first at byte {first:,}")


def _first(left: bytes, right: bytes) -> int:
    for position, (here, there) in enumerate(zip(left, right, strict=False)):
        if here != there:
            return position
    return min(len(left), len(right))
