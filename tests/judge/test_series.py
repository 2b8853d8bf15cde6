"""Points of a metric."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anew.judge.series import Point, compare_series
from anew.model.tolerance import Absolute, Exact, Relative
from anew.model.verdict import Answer


def series(*values: str) -> list[Point]:
    return [Point(str(step), value) for step, value in enumerate(values)]


def test_no_value_proves_nothing() -> None:
    assert compare_series([], [], Exact()).answer is Answer.INCONCLUSIVE


def test_nan_equals_nan_and_infinity_its_like() -> None:
    left = series("nan", "inf", "-inf", "-0.0")

    assert compare_series(left, left, Exact()).answer is Answer.IDENTICAL


@pytest.mark.parametrize(
    ("left", "right"),
    [("0.0", "-0.0"), ("nan", "1.0"), ("inf", "-inf"), ("0.1", "0.10000000000000002"),
     ("1.00000000000000000001", "1.00000000000000000002"), ("'a'", "'b'"), ("a", "1.0"),
     ("9007199254740993", "9007199254740992")],
)  # fmt: skip
def test_other_value_is_diverged(left: str, right: str) -> None:
    found = compare_series(series("1", left), series("1", right), Exact())

    assert found.answer is Answer.DIVERGED
    assert found.difference == f"1 of 2 points differ, first at step 1: {left} and {right}"


def test_value_within_a_tolerance_is_equivalent_and_counted() -> None:
    found = compare_series(series("1.0", "2.0"), series("1.0", "2.25"), Absolute(0.25))

    assert found.answer is Answer.EQUIVALENT
    assert found.difference == "1 of 2 points differ within abs=0.25"


def test_other_step_or_count_or_order_is_diverged_under_any_tolerance() -> None:
    wide = Relative(0.99)
    first, second = Point("0", "1.0"), Point("1", "1.0")

    assert compare_series([first], [second], wide).answer is Answer.DIVERGED
    assert compare_series([first], [first, second], wide).answer is Answer.DIVERGED
    assert compare_series([first, second], [second, first], wide).answer is Answer.DIVERGED
    assert compare_series([first], [], wide).difference == (
        "1 of 1 points differ (1 and 0 points), first at step 0, on the left only"
    )


VALUES = st.lists(st.one_of(st.floats(), st.sampled_from([0.0, 1.0, 1.1])).map(repr), max_size=4)


@given(VALUES, VALUES, st.sampled_from([Exact(), Absolute(0.5), Relative(0.2)]))
def test_judging_does_not_depend_on_the_side(
    left: list[str], right: list[str], tolerance: Exact | Absolute | Relative
) -> None:
    here = compare_series(series(*left), series(*right), tolerance).answer

    assert compare_series(series(*right), series(*left), tolerance).answer is here
    assert (here is Answer.IDENTICAL) is (left == right and bool(left))
