"""Difference: one thing that two recipes or circumstances do not share."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """What `name` is on each side; None on the side that lacks it."""

    aspect: str
    name: str
    left: str | None
    right: str | None


def differences(
    aspect: str, left: Mapping[str, str], right: Mapping[str, str]
) -> Iterator[Difference]:
    """Yield what differs between two mappings, by name."""
    for name in sorted(left.keys() | right.keys()):
        here, there = left.get(name), right.get(name)
        if here != there:
            yield Difference(aspect, name, here, there)


def between(aspect: str, values: Iterable[tuple[str, object, object]]) -> Iterator[Difference]:
    """Yield what differs among (name, left, right); None stands for what a side lacks."""
    for name, left, right in values:
        if left != right:
            yield Difference(aspect, name, _text(left), _text(right))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
