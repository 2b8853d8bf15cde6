"""Arrays compared by NumPy where it is there: the same answer as in plain Python, sooner."""
# ruff: noqa: ANN401 (the library is not there to be named)

from typing import Any

from anew.formats.optional import optional
from anew.judge.grids import Spread, spread
from anew.model.reading import Grid
from anew.model.tolerance import Absolute, Exact, Relative, Tolerance, Ulps

SMALL = 100_000  # bytes below which NumPy is not worth its start
_TYPES = {"e": "<f2", "f": "<f4", "d": "<f8"}


def compare_arrays(left: Grid, right: Grid, tolerance: Tolerance) -> Spread:
    """Count the differing numbers of two grids of one kind and shape."""
    if left.code not in _TYPES or len(left.raw) < SMALL or isinstance(tolerance, Ulps):
        return spread(left, right, tolerance)
    numpy = optional("numpy")
    if numpy is None:
        return spread(left, right, tolerance)
    with numpy.errstate(all="ignore"):
        return _spread(numpy, left, right, tolerance)


def _spread(numpy: Any, left: Grid, right: Grid, tolerance: Tolerance) -> Spread:
    kind = _TYPES[left.code]
    found = Spread()
    piece = 1 << 20
    width = numpy.dtype(kind).itemsize
    first_differing: tuple[int, float, float] | None = None
    for start in range(0, len(left.raw), piece * width):
        here, there = (
            numpy.frombuffer(side.raw[start : start + piece * width], kind).astype("<f8")
            for side in (left, right)
        )
        unequal = (here != there) | ((here == 0) & (numpy.signbit(here) != numpy.signbit(there)))
        (at,) = numpy.nonzero(unequal & ~(numpy.isnan(here) & numpy.isnan(there)))
        if not len(at):
            continue
        one, other = here[at], there[at]
        finite = numpy.isfinite(one) & numpy.isfinite(other)
        apart = numpy.where(finite, numpy.abs(one - other), numpy.inf)
        larger = numpy.maximum(numpy.abs(one), numpy.abs(other))
        close = finite & _close(numpy, apart, larger, tolerance)
        scaled = numpy.where(larger > 0, numpy.abs(one / larger - other / larger), 0.0)
        relative = numpy.where(finite, scaled, numpy.inf)
        found.differing += len(at)
        found.absolute = max(found.absolute, float(apart.max()))
        found.relative = max(found.relative, float(relative.max()))
        offset = start // width
        if first_differing is None:
            first_differing = offset + int(at[0]), float(one[0]), float(other[0])
        (outside,) = numpy.nonzero(~close)
        if len(outside) and not found.beyond:
            worst = outside[0]
            found.first, found.left, found.right = (
                offset + int(at[worst]),
                float(one[worst]),
                float(other[worst]),
            )
        found.beyond += len(outside)
    if first_differing and not found.beyond:
        found.first, found.left, found.right = first_differing
    return found


def _close(numpy: Any, apart: Any, larger: Any, tolerance: Tolerance) -> Any:
    match tolerance:
        case Absolute(limit):
            return apart <= limit
        case Relative(limit):
            return apart <= limit * larger
        case Exact() | Ulps():
            return numpy.zeros(len(apart), dtype=bool)
