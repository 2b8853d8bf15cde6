"""Metric: a named series, summed up; its points lie in the store."""

from msgspec import Struct

from anew.model.digest import Digest


class Metric(Struct, frozen=True):
    """A named series of points.

    `points` names a JSON list of [step, value] in the order of logging, the value as text by
    `repr` so that NaN and infinities survive; `times` names a list of µs since the run's start.
    """

    name: str
    count: int
    last: str
    min: str
    max: str
    points: Digest
    times: Digest | None = None


class Number(Struct, frozen=True):
    """A number and its place in a file or series."""

    place: str
    value: float


class Numbers(Struct, frozen=True):
    """All numbers of a file in a set order; `rest` is the digest of all that is no number."""

    values: tuple[Number, ...]
    rest: Digest
