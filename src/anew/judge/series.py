"""Points of a metric, each by its step."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import zip_longest
from math import isfinite
from typing import NamedTuple

from anew.judge.closeness import is_close, written
from anew.judge.finding import IDENTICAL, Finding, shown
from anew.model.tolerance import Exact, Tolerance
from anew.model.verdict import Answer


class Point(NamedTuple):
    """One value of a metric, as text by `repr`; `step` as the program gave it, as JSON text."""

    step: str
    value: str


def compare_series(left: Sequence[Point], right: Sequence[Point], tolerance: Tolerance) -> Finding:
    """Judge two series point by point: the same steps in the same order, values by tolerance."""
    if not left and not right:
        return Finding(Answer.INCONCLUSIVE, "no value on either side")
    within = beyond = 0
    first = ""
    for position, (here, there) in enumerate(zip_longest(left, right), 1):
        if here == there:
            continue
        if here is None or there is None or here.step != there.step:
            beyond, first = beyond + 1, first or _missing(here, there, position)
        elif _is_close(here.value, there.value, tolerance):
            within += 1
        else:
            beyond += 1
            first = first or f"at step {here.step}: {_shown(here.value)} and {_shown(there.value)}"
    count = max(len(left), len(right))
    if beyond:
        counts = "" if len(left) == len(right) else f" ({len(left):,} and {len(right):,} points)"
        return Finding(
            Answer.DIVERGED, f"{beyond:,} of {count:,} points differ{counts}, first {first}"
        )
    if within:
        exact = isinstance(tolerance, Exact)
        how = "in how they are written" if exact else f"within {written(tolerance)}"
        return Finding(Answer.EQUIVALENT, f"{within:,} of {count:,} points differ {how}")
    return IDENTICAL


def _missing(left: Point | None, right: Point | None, position: int) -> str:
    if left and right:
        return f"at point {position:,}: step {left.step} and step {right.step}"
    side, point = ("left", left) if left else ("right", right)
    step = point.step if point else ""
    return f"at step {step}, on the {side} only"


def _is_close(left: str, right: str, tolerance: Tolerance) -> bool:
    try:
        here, there = float(left), float(right)
    except ValueError:
        return False
    if isinstance(tolerance, Exact) and isfinite(here) and Decimal(left) != Decimal(right):
        return False  # perhaps by less than a 64-bit float holds
    return is_close(here, there, tolerance)


def _shown(value: str) -> str:
    return value if len(value) <= 30 else shown(value)
