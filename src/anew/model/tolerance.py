"""Tolerance: how far apart two numbers may be. Tolerances: which one holds for which item."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exact:
    """Equal bit for bit."""


@dataclass(frozen=True, slots=True)
class Absolute:
    """Differ by at most `limit`, in the metric's own unit."""

    limit: float


@dataclass(frozen=True, slots=True)
class Relative:
    """Differ by at most `limit` times the larger magnitude of the two."""

    limit: float


@dataclass(frozen=True, slots=True)
class Ulps:
    """At most `limit` representable numbers apart, counted as 64-bit floats."""

    limit: int


Tolerance = Exact | Absolute | Relative | Ulps


@dataclass(frozen=True, slots=True)
class Rule:
    """A tolerance for the items whose name matches the glob `pattern`."""

    pattern: str
    tolerance: Tolerance


@dataclass(frozen=True, slots=True)
class Tolerances:
    """The first rule that matches an item's name holds for it; else `default`."""

    default: Tolerance = Exact()
    rules: tuple[Rule, ...] = ()
