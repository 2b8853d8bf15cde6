"""What a record holds of each aspect of a run: by value, by reference, or not."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from anew.model.inputs import FileKind, Kept
from anew.model.record import Gap

ASPECTS = ("code", "inputs", "environment", "seeds", "trace", "outputs", "console")


class Aspect(NamedTuple):
    """How many items of an aspect are held which way, and how many gaps there are in it.

    Only files are items by which something can be missing; of a link, a folder that was listed or
    a file that was not there the record itself holds all.
    """

    name: str
    value: int
    reference: int
    missing: int
    gaps: int


def aspects(
    kept: dict[str, Sequence[tuple[FileKind, Kept]]], referred: dict[str, int], gaps: Iterable[Gap]
) -> tuple[Aspect, ...]:
    """Return each aspect of which there are items or gaps, in the order of `ASPECTS`.

    Args:
        kept: by aspect, the kind of each item and how its bytes are held.
        referred: by aspect, how many things more are known by version and fingerprint alone.
        gaps: those of the record.
    """
    found = Counter(gap.aspect for gap in gaps)
    names = dict.fromkeys((*ASPECTS, *kept, *referred, *sorted(found)))
    rows = []
    for name in names:
        ways = Counter(
            how if kind is FileKind.FILE else Kept.VALUE for kind, how in kept.get(name, ())
        )
        reference = ways[Kept.REFERENCE] + referred.get(name, 0)
        row = Aspect(name, ways[Kept.VALUE], reference, ways[Kept.NO], found[name])
        if any(row[1:]):
            rows.append(row)
    return tuple(rows)
