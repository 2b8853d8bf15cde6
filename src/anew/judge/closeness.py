"""Is this number close enough: one function per tolerance."""

import math
import struct

from anew.model.tolerance import Absolute, Exact, Relative, Tolerance, Ulps


def is_same(left: float, right: float) -> bool:
    """Say whether two values are one: NaN is NaN, and -0.0 is not 0.0.

    >>> is_same(math.nan, math.nan), is_same(0.0, -0.0)
    (True, False)
    """
    if left != right:
        return left != left and right != right
    return left != 0 or math.copysign(1, left) == math.copysign(1, right)


def is_close(left: float, right: float, tolerance: Tolerance) -> bool:
    """Say whether two values agree under `tolerance`; what is the same always does.

    >>> is_close(0.50, 0.52, Absolute(0.05)), is_close(0.50, 0.52, Exact())
    (True, False)
    """
    if is_same(left, right):
        return True
    if isinstance(tolerance, Exact) or not (math.isfinite(left) and math.isfinite(right)):
        return False
    match tolerance:
        case Absolute(limit):
            return is_absolutely_close(left, right, limit)
        case Relative(limit):
            return is_relatively_close(left, right, limit)
        case Ulps(limit):
            return ulps_between(float(left), float(right)) <= limit


def is_absolutely_close(left: float, right: float, limit: float) -> bool:
    """Say whether two finite values differ by at most `limit`."""
    return abs(left - right) <= limit


def is_relatively_close(left: float, right: float, limit: float) -> bool:
    """Say whether two finite values differ by at most `limit` times the larger magnitude.

    Source: PEP 485, `math.isclose` with no absolute tolerance: symmetric, and nothing but zero is
    close to zero.
    """
    return abs(left - right) <= limit * max(abs(left), abs(right))


def ulps_between(left: float, right: float) -> int:
    """Count the representable 64-bit floats between two finite values; 0 from -0.0 to 0.0.

    Source: Goldberg (1991), section 1.2; the bits of a float, read as an integer with its sign,
    are in the order of the floats (Dawson, "Comparing floating point numbers", 2012).

    >>> ulps_between(1.0, math.nextafter(1.0, 2.0))
    1
    """
    return abs(_rank(left) - _rank(right))


def _rank(value: float) -> int:
    bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def relative_difference(left: float, right: float) -> float:
    """Return the difference of two values over the larger magnitude; infinite where not finite."""
    if is_same(left, right):
        return 0.0
    if not (math.isfinite(left) and math.isfinite(right)):
        return math.inf
    larger = max(abs(left), abs(right))
    return abs(left / larger - right / larger) if larger else 0.0


def written(tolerance: Tolerance) -> str:
    """Return `tolerance` as a user writes it.

    >>> written(Relative(1e-06))
    'rel=1e-06'
    """
    match tolerance:
        case Exact():
            return "exact"
        case Absolute(limit):
            return f"abs={limit:g}"
        case Relative(limit):
            return f"rel={limit:g}"
        case Ulps(limit):
            return f"ulps={limit}"
