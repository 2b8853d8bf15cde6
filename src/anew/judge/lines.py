"""Console and other text, judged line by line: as it is, as numbers, then after masks."""

from collections import Counter
from dataclasses import dataclass, field

from anew.judge import progress
from anew.judge.closeness import written
from anew.judge.finding import IDENTICAL, Finding, shown_pair
from anew.judge.masks import Masker, Masks, maskers
from anew.judge.own_times import OWN_TIME, differ_in_own_times_only
from anew.judge.pids import PROCESS_ID, differ_in_pids_only
from anew.judge.words import agreement
from anew.model.tolerance import Exact, Tolerance
from anew.model.verdict import Answer


@dataclass(slots=True)
class Tally:
    """What was found so far. Lines are counted once, numbers each."""

    differing: int = 0
    beyond: int = 0  # lines that nothing explains
    first: str = ""  # the first of them
    within: int = 0  # numbers within the tolerance
    by: set[str] = field(default_factory=set)


def compare_lines(
    left: str, right: str, tolerance: Tolerance, masks: Masks, *, volatile: bool = True
) -> Finding:
    """Judge two texts; `volatile` says that clocks and addresses may be masked in them.

    The folders of `masks` are masked in any text. A text that is not the same to the last byte is
    never identical.
    """
    if left == right:
        return IDENTICAL
    here, there = left.split("\n"), right.split("\n")
    start = _shared_start(here, there)
    end = _shared_end(here, there, start)
    tally = Tally()
    sides = maskers(masks)
    middle = zip(here[start : len(here) - end], there[start : len(there) - end], strict=False)
    for position, (line, other) in enumerate(middle, start + 1):
        if line != other:
            _judge_line(line, other, position, tolerance, sides, tally, volatile=volatile)
        if tally.beyond and len(here) != len(there):
            break
    if len(here) != len(there):
        return _other_length(here, there, end, tally)
    return _found(tally, max(len(here), len(there)), tolerance, here, there)


def _judge_line(
    left: str,
    right: str,
    position: int,
    tolerance: Tolerance,
    sides: tuple[Masker, Masker],
    tally: Tally,
    *,
    volatile: bool,
) -> None:
    tally.differing += 1
    numeric = not isinstance(tolerance, Exact)
    if numeric and (agreed := agreement(left, right, tolerance)).close:
        tally.within += agreed.within
        tally.by |= set() if agreed.within else {"how numbers are written"}
        return
    here, there = (
        (side.text(line) if volatile else side.places(line))
        for side, line in zip(sides, (left, right), strict=True)
    )
    if here.is_like(there):
        tally.by |= set(here.by) | set(there.by)
        return
    if volatile and differ_in_pids_only(here.text, there.text, sides[0].pids, sides[1].pids):
        tally.by |= {*here.by, *there.by, PROCESS_ID}
        return
    if differ_in_own_times_only(here.text, there.text, *sides[0].masks.spans):
        tally.by |= {*here.by, *there.by, OWN_TIME}
        return
    if numeric and here.by and (agreed := agreement(here.text, there.text, tolerance)).close:
        tally.within += agreed.within
        tally.by |= set(here.by) | set(there.by)
        return
    if volatile and all(progress.is_overwritten(line) for line in (left, right)):
        one, other = progress.read(left, sides[0]), progress.read(right, sides[1])
        within = _states_within(progress.pairs(one, other), tolerance)
        if within is not None:
            tally.within += within
            tally.by |= one.by | other.by | {"progress"}
            return
    tally.beyond += 1
    tally.first = tally.first or f"line {position}: {shown_pair(left, right)}"


def _states_within(states: list[tuple[str, str]] | None, tolerance: Tolerance) -> int | None:
    """Count the numbers of overwritten states that differ within the tolerance; None: beyond it."""
    within = 0
    for left, right in states if states is not None else [("", "-")]:
        if left == right:
            continue
        if isinstance(tolerance, Exact):
            return None
        agreed = agreement(left, right, tolerance)
        if not agreed.close:
            return None
        within += agreed.within
    return within


def _found(
    tally: Tally, lines: int, tolerance: Tolerance, left: list[str], right: list[str]
) -> Finding:
    if tally.beyond:
        said = f"{tally.beyond:,} of {lines:,} lines differ, first {tally.first}"
        if Counter(left) == Counter(right):
            said += "; the same lines, in another order"
        return Finding(Answer.DIVERGED, said)
    reasons = []
    if tally.within:
        reasons.append(f"{tally.within:,} numbers within {written(tolerance)}")
    if tally.by:
        reasons.append(f"equal without: {', '.join(sorted(tally.by))}")
    said = f"{tally.differing:,} of {lines:,} lines differ: {'; '.join(reasons)}"
    return Finding(Answer.EQUIVALENT, said)


def _other_length(left: list[str], right: list[str], end: int, tally: Tally) -> Finding:
    if not tally.first:
        longer, side = (left, "left") if len(left) > len(right) else (right, "right")
        shorter = min(len(left), len(right)) - end
        text = longer[shorter]
        extra = shown_pair(text, "").partition(" and ")[0] if text else "a line's end"
        tally.first = f"line {shorter + 1} is on the {side} only: {extra}"
    counts = f"{_count(left):,} and {_count(right):,} lines"
    return Finding(Answer.DIVERGED, f"{counts}, first difference: {tally.first}")


def _count(lines: list[str]) -> int:
    """Count lines as a reader does: what a last line's end begins is none."""
    return len(lines) - (not lines[-1])


def _shared_start(left: list[str], right: list[str]) -> int:
    shortest = min(len(left), len(right))
    for position in range(shortest):
        if left[position] != right[position]:
            return position
    return shortest


def _shared_end(left: list[str], right: list[str], start: int) -> int:
    most = min(len(left), len(right)) - start
    for back in range(most):
        if left[-1 - back] != right[-1 - back]:
            return back
    return most
