"""Tolerances, on both sides of their edge."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anew.judge.closeness import is_close, is_same, relative_difference, ulps_between
from anew.model.tolerance import Absolute, Exact, Relative, Tolerance, Ulps

TOLERANCES = st.one_of(
    st.just(Exact()),
    st.builds(Absolute, st.floats(0, 1e9)),
    st.builds(Relative, st.floats(0, 0.99)),
    st.builds(Ulps, st.integers(0, 2**60)),
)
UP = math.nextafter(1.0, 2.0)


@pytest.mark.parametrize(
    ("left", "right", "tolerance", "expected"),
    [
        (1.0, 1.5, Absolute(0.5), True),
        (1.0, math.nextafter(1.5, 2), Absolute(0.5), False),
        (0.0, -0.0, Exact(), False),
        (0.0, -0.0, Absolute(0.0), True),
        (0.0, -0.0, Ulps(0), True),
        (math.inf, math.inf, Exact(), True),
        (math.inf, -math.inf, Absolute(1e300), False),
        (math.inf, 1.7976931348623157e308, Ulps(1), False),
        (math.inf, 1e308, Relative(0.99), False),
        (math.nan, 1.0, Absolute(1e300), False),
        (math.nan, math.nan, Exact(), True),
        (1e308, -1e308, Relative(0.99), False),
        (100.0, 101.0, Relative(1 / 101), True),
        (100.0, 101.0, Relative(math.nextafter(1 / 101, 0)), False),
        (0.0, 1e-300, Relative(0.99), False),
        (1.0, UP, Ulps(1), True),
        (1.0, UP, Ulps(0), False),
        (1.0, math.nextafter(UP, 2), Ulps(1), False),
        (5e-324, -5e-324, Ulps(2), True),
        (5e-324, -5e-324, Ulps(1), False),
        (2**53, 2**53 + 1, Exact(), False),
        (1, 1.0, Exact(), True),
    ],
)
def test_close_ends_at_the_limit(
    left: float, right: float, tolerance: Tolerance, *, expected: bool
) -> None:
    assert is_close(left, right, tolerance) is expected
    assert is_close(right, left, tolerance) is expected


@given(st.floats(), TOLERANCES)
def test_every_number_is_close_to_itself_nan_too(value: float, tolerance: Tolerance) -> None:
    assert is_close(value, value, tolerance)


@given(st.floats(), st.floats(), TOLERANCES)
def test_closeness_does_not_depend_on_the_side(
    left: float, right: float, tolerance: Tolerance
) -> None:
    assert is_close(left, right, tolerance) is is_close(right, left, tolerance)


@given(st.floats(), st.floats())
def test_exact_is_the_same_value(left: float, right: float) -> None:
    assert is_close(left, right, Exact()) is is_same(left, right)
    assert is_same(left, right) is (repr(left) == repr(right))


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 50))
def test_ulps_are_steps_between_floats(value: float, steps: int) -> None:
    other = value
    for _ in range(steps):
        other = math.nextafter(other, math.inf)
    if math.isfinite(other):
        assert ulps_between(value, other) == steps


@given(st.floats(), st.floats())
def test_relative_difference_is_a_number_and_none_only_for_equals(
    left: float, right: float
) -> None:
    found = relative_difference(left, right)

    assert found >= 0
    assert relative_difference(right, left) == found
