"""Two readings of a file, judged part by part."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import zip_longest

from anew.judge.closeness import is_close, is_same, written
from anew.judge.finding import Finding, shown_pair, worst
from anew.judge.grids import Compare, compare_grids
from anew.judge.lines import compare_lines
from anew.judge.masks import Masker, Masks, maskers
from anew.judge.own_times import OWN_TIME, differ_in_own_times_only
from anew.judge.raw import other_bytes
from anew.model.reading import Blob, Grid, Ignored, Leaf, Lines, Part, Reading
from anew.model.tolerance import Exact, Tolerance
from anew.model.verdict import Answer


@dataclass(frozen=True, slots=True)
class Means:
    """What two readings are compared by.

    `pixels` is the tolerance for images: only one that names the file holds for them. `compare`
    may be something faster than plain Python.
    """

    numbers: Tolerance
    pixels: Tolerance
    masks: Masks
    compare: Compare | None = None


@dataclass(slots=True)
class Tally:
    """What was found so far, leaves counted, larger parts each with a finding of its own."""

    means: Means
    sides: tuple[Masker, Masker]
    leaves: int = 0
    beyond: int = 0
    within: int = 0
    first: str = ""
    by: set[str] = field(default_factory=set)
    parts: list[Finding] = field(default_factory=list)


def compare_readings(left: Reading, right: Reading, means: Means) -> Finding:
    """Judge two readings of files whose bytes differ: never identical."""
    if left.format != right.format:
        return Finding(Answer.DIVERGED, f"{left.format} and {right.format}")
    tally = Tally(means, maskers(means.masks))
    for here, there in zip_longest(left.parts, right.parts):
        if not _compare_parts(here, there, tally):
            break
    return _whole(left, right, tally)


def _compare_parts(left: Part | None, right: Part | None, tally: Tally) -> bool:
    """Judge one part; return whether what follows can still be told apart by place."""
    means = tally.means
    match left, right:
        case Leaf(), Leaf() if left.place == right.place:
            _compare_leaves(left, right, tally)
        case Grid(), Grid() if left.place == right.place:
            tolerance = means.pixels if left.pixels else means.numbers
            found = compare_grids(left, right, tolerance, means.compare)
            _add(left.place, found, tally)
        case Lines(), Lines() if left.place == right.place:
            volatile = left.volatile and right.volatile
            found = compare_lines(
                left.text, right.text, means.numbers, means.masks, volatile=volatile
            )
            _add(left.place, found, tally)
        case Blob(), Blob() if left.place == right.place:
            if left.digest != right.digest:
                sizes = left.size, right.size
                _add(left.place, Finding(Answer.DIVERGED, other_bytes(sizes)), tally)
        case _:
            places = _place(left), _place(right)
            tally.beyond += 1
            tally.first = tally.first or f"first difference {_apart(*places)}"
            return False
    return True


def _compare_leaves(left: Leaf, right: Leaf, tally: Tally) -> None:
    tally.leaves += 1
    here, there = left.value, right.value
    if isinstance(here, str) and isinstance(there, str):
        if here == there:
            return
        one, other = tally.sides[0].places(here), tally.sides[1].places(there)
        if one.is_like(other):
            tally.by |= set(one.by) | set(other.by)
            return
    elif not isinstance(here, str) and not isinstance(there, str):
        tolerance = tally.means.numbers
        same = is_same(here, there) and left.digits == right.digits
        if same:
            return
        if not isinstance(tolerance, Exact) and is_close(here, there, tolerance):
            tally.within += 1
            return
    if differ_in_own_times_only(_written(left), _written(right), *tally.means.masks.spans):
        tally.by.add(OWN_TIME)
        return
    tally.beyond += 1
    values = shown_pair(here, there) if isinstance(here, str) and isinstance(there, str) else (
        f"{left.digits or repr(here)} and {right.digits or repr(there)}"
    )  # fmt: skip
    tally.first = tally.first or f"first at {left.place or 'the top'}: {values}"


def _written(leaf: Leaf) -> str:
    return leaf.digits or str(leaf.value)


def _add(place: str, found: Finding, tally: Tally) -> None:
    if found.answer is not Answer.IDENTICAL:
        said = f"{place}: {found.difference}" if place else found.difference
        tally.parts.append(Finding(found.answer, said))


def _whole(left: Reading, right: Reading, tally: Tally) -> Finding:
    said = [found.difference for found in tally.parts if found.answer is Answer.DIVERGED]
    if tally.beyond:
        counts = f"{tally.beyond:,} of {tally.leaves:,} values differ, " if tally.leaves else ""
        said.append(counts + tally.first)
    if said:
        return Finding(Answer.DIVERGED, _joined(said))
    said = [found.difference for found in tally.parts]
    if tally.within:
        tolerance = written(tally.means.numbers)
        said.append(f"{tally.within:,} of {tally.leaves:,} values differ within {tolerance}")
    ignored = _ignored(left.ignored, right.ignored)
    if ignored or tally.by:
        said.append(f"equal without: {', '.join(sorted({*ignored, *tally.by}))}")
    if not said:
        said.append(f"other bytes, the same content as {left.format}")
    answers = [Answer.EQUIVALENT, *(found.answer for found in tally.parts)]
    return Finding(worst(answers), _joined(said))


def _ignored(left: Iterable[Ignored], right: Iterable[Ignored]) -> list[str]:
    """Return the names of what was ignored and is not the same on both sides."""
    here, there = sorted(set(left)), sorted(set(right))
    return sorted({item.name for item in {*here} ^ {*there}})


def _joined(said: list[str]) -> str:
    more = f"; and {len(said) - 3} more parts" if len(said) > 3 else ""
    return "; ".join(said[:3]) + more


def _place(part: Part | None) -> str | None:
    return None if part is None else part.place


def _apart(left: str | None, right: str | None) -> str:
    if left == right:
        return f"at {left or 'the top'}: two kinds of content"
    if left is None or right is None:
        side = "right" if left is None else "left"
        return f"at {left or right or 'the top'}, on the {side} only"
    return f"at {left or 'the top'} on the left, {right or 'the top'} on the right"
