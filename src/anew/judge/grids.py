"""Arrays and images: how many numbers differ, by how much, and where."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf, isfinite, prod

from anew.judge.closeness import is_close, is_same, relative_difference, written
from anew.judge.finding import IDENTICAL, Finding
from anew.model.reading import Grid
from anew.model.tolerance import Exact, Tolerance
from anew.model.verdict import Answer

CHUNK = 8192  # numbers compared as bytes at once
MOST_EXAMINED = 8_000_000  # differing numbers looked at one by one; above it, the rest are not

Compare = Callable[[Grid, Grid, Tolerance], "Spread"]
"""Counts the differing numbers of two grids of one shape: `spread`, or something faster."""


@dataclass(slots=True)
class Spread:
    """How two arrays of one shape differ. Positions count numbers in the order of the file."""

    differing: int = 0
    beyond: int = 0  # of them, those outside the tolerance
    first: int = -1  # position of the first that counts: beyond the tolerance, else differing
    left: float = 0
    right: float = 0
    absolute: float = 0  # largest difference
    relative: float = 0
    complete: bool = True
    pixels: int = 0  # of an image, those that differ
    box: list[int] = field(default_factory=list)  # left, top, right, bottom, all included


def compare_grids(
    left: Grid, right: Grid, tolerance: Tolerance, compare: Compare | None = None
) -> Finding:
    """Judge two arrays; of one kind and shape they are compared number by number."""
    for what, here, there in (
        ("type", left.kind, right.kind),
        ("shape", list(left.shape), list(right.shape)),
        ("order of storage", left.by_columns, right.by_columns),
    ):
        if here != there:
            return Finding(Answer.DIVERGED, f"another {what}: {here} and {there}")
    if (left.code, left.pixels) != (right.code, right.pixels):
        return Finding(Answer.DIVERGED, "numbers of another kind")
    if left.raw == right.raw:
        return IDENTICAL
    width = struct.calcsize("<" + left.code)
    if not len(left.raw) == len(right.raw) == prod(left.shape) * width:
        return Finding(Answer.INCONCLUSIVE, "its size is not that of its shape")
    found = (compare or spread)(left, right, tolerance)
    return _finding(left, found, tolerance)


def spread(left: Grid, right: Grid, tolerance: Tolerance) -> Spread:
    """Count the differing numbers of two grids of one kind and shape, in plain Python."""
    found = Spread()
    last_pixel = -1
    for examined, (position, here, there) in enumerate(_differing(left, right)):
        if examined == MOST_EXAMINED:
            found.complete = False
            break
        if is_same(here, there):
            continue
        close = is_close(here, there, tolerance)
        found.differing += 1
        found.beyond += not close
        if found.first < 0 or (not close and found.beyond == 1):
            found.first, found.left, found.right = position, here, there
        apart = abs(here - there) if isfinite(here) and isfinite(there) else inf
        found.absolute = max(found.absolute, apart)
        found.relative = max(found.relative, relative_difference(here, there))
        if left.pixels:
            pixel = position // left.shape[2]
            if pixel != last_pixel:
                found.pixels += 1
                last_pixel = pixel
                _widen(found.box, pixel % left.shape[1], pixel // left.shape[1])
    return found


def _differing(left: Grid, right: Grid) -> Iterator[tuple[int, float, float]]:
    """Yield position and values where the bits differ: most of two arrays are the same bytes."""
    width = struct.calcsize("<" + left.code)
    here, there = memoryview(left.raw), memoryview(right.raw)
    for start in range(0, len(here), CHUNK * width):
        one = here[start : start + CHUNK * width].tobytes()
        other = there[start : start + CHUNK * width].tobytes()
        if one == other:
            continue
        form = f"<{len(one) // width}{left.code}"
        values = zip(struct.unpack(form, one), struct.unpack(form, other), strict=True)
        for position, (value, another) in enumerate(values, start // width):
            if value != another or not value:  # zeros may differ in sign, NaN is never itself
                yield position, value, another


def _widen(box: list[int], x: int, y: int) -> None:
    if not box:
        box[:] = [x, y, x, y]
    else:
        box[:] = [min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y)]


def _finding(grid: Grid, found: Spread, tolerance: Tolerance) -> Finding:
    if not found.complete and not found.beyond:
        return Finding(Answer.INCONCLUSIVE, "too large to compare as numbers")
    if not found.differing:
        return Finding(Answer.EQUIVALENT, "other bytes, the same numbers")
    where = _pixels(grid, found) if grid.pixels else _values(grid, found)
    if found.beyond:
        if not isinstance(tolerance, Exact) and found.beyond < found.differing:
            where += f"; {found.differing - found.beyond:,} of them within {written(tolerance)}"
        return Finding(Answer.DIVERGED, where)
    return Finding(Answer.EQUIVALENT, f"{where}; all within {written(tolerance)}")


def _pixels(grid: Grid, found: Spread) -> str:
    rows, columns, _ = grid.shape
    x, y, right, bottom = found.box
    least = "" if found.complete else "at least "
    return (
        f"{least}{found.pixels:,} of {rows * columns:,} pixels differ, "
        f"largest {found.absolute:g}/{grid.pixels}, in box ({x},{y})-({right},{bottom})"
    )


def _values(grid: Grid, found: Spread) -> str:
    least = "" if found.complete else "at least "
    return (
        f"{least}{found.differing:,} of {prod(grid.shape):,} values differ, "
        f"first at {place(grid, found.first)}: {found.left!r} and {found.right!r}, "
        f"largest {found.absolute:.3g} absolute, {found.relative:.3g} relative"
    )


def place(grid: Grid, position: int) -> str:
    """Return the index of the number at `position` as NumPy writes it."""
    sizes = grid.shape if grid.by_columns else grid.shape[::-1]
    index = []
    for size in sizes:
        position, at = divmod(position, size)
        index.append(at)
    return str(index if grid.by_columns else index[::-1])
