"""Arrays and images: how much differs, and where; NumPy gives the same answer."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anew.formats import fast
from anew.judge import grids
from anew.judge.grids import compare_grids, spread
from anew.model.reading import Grid
from anew.model.tolerance import Absolute, Exact, Relative, Tolerance, Ulps
from anew.model.verdict import Answer


def array(*values: float, code: str = "d", shape: tuple[int, ...] | None = None) -> Grid:
    raw = struct.pack(f"<{len(values)}{code}", *values)
    return Grid("", f"<{code}", code, shape or (len(values),), raw)


def image(pixels: bytes, width: int) -> Grid:
    return Grid("", "8 bit", "B", (len(pixels) // width, width, 1), pixels, pixels=255)


def test_difference_says_how_many_where_and_how_much() -> None:
    left = array(1.0, 2.0, 3.0, 4.0, shape=(2, 2))
    right = array(1.0, 2.5, 3.0, 5.0, shape=(2, 2))

    found = compare_grids(left, right, Exact())

    assert found.answer is Answer.DIVERGED
    assert found.difference == (
        "2 of 4 values differ, first at [0, 1]: 2.0 and 2.5, largest 1 absolute, 0.2 relative"
    )
    assert compare_grids(left, right, Absolute(1)).answer is Answer.EQUIVALENT
    assert compare_grids(left, right, Absolute(0.5)).difference == (
        "2 of 4 values differ, first at [1, 1]: 4.0 and 5.0, largest 1 absolute, 0.2 relative; "
        "1 of them within abs=0.5"
    )


def test_pixels_are_counted_and_boxed() -> None:
    left = image(bytes(100), 10)
    right = bytearray(100)
    right[14], right[16], right[34] = 3, 1, 2

    found = compare_grids(left, image(bytes(right), 10), Exact())

    assert found.answer is Answer.DIVERGED
    assert found.difference == "3 of 100 pixels differ, largest 3/255, in box (4,1)-(6,3)"


@pytest.mark.parametrize(
    "other",
    [array(1.0, 2.0, code="f"), array(1.0, 2.0, shape=(2, 1)), array(1.0), array(2.0, 1.0),
     Grid("", "<d", "d", (2,), struct.pack("<2d", 1.0, 2.0), by_columns=True)],
)  # fmt: skip
def test_other_type_shape_or_order_is_diverged(other: Grid) -> None:
    assert compare_grids(array(1.0, 2.0), other, Exact()).answer is Answer.DIVERGED


def test_nan_with_other_bits_is_the_same_number_in_other_bytes() -> None:
    left = Grid("", "<d", "d", (1,), struct.pack("<Q", 0x7FF8000000000000))
    right = Grid("", "<d", "d", (1,), struct.pack("<Q", 0x7FF8000000000001))

    assert compare_grids(left, right, Exact()).answer is Answer.EQUIVALENT
    assert compare_grids(array(0.0), array(-0.0), Exact()).answer is Answer.DIVERGED


def test_whole_numbers_that_no_float_tells_apart_differ() -> None:
    left, right = array(2**53, code="q"), array(2**53 + 1, code="q")

    assert compare_grids(left, right, Exact()).answer is Answer.DIVERGED


def test_what_was_not_looked_at_is_never_equivalent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "MOST_EXAMINED", 1)
    left, right = array(1.0, 1.0, 1.0), array(1.1, 1.1, 9.0)

    assert compare_grids(left, right, Absolute(0.5)).answer is Answer.INCONCLUSIVE
    assert compare_grids(left, right, Exact()).answer is Answer.DIVERGED


FLOATS = st.lists(
    st.one_of(st.floats(width=32), st.sampled_from([0.0, -0.0, 1.0, float("nan")])),
    min_size=8,
    max_size=8,
)


@given(
    FLOATS,
    FLOATS,
    st.sampled_from([Exact(), Absolute(0.5), Relative(0.2), Ulps(3), Absolute(1e30)]),
    st.sampled_from("efd"),
)
def test_numpy_and_plain_python_agree(
    left: list[float], right: list[float], tolerance: Tolerance, code: str
) -> None:
    pytest.importorskip("numpy")
    clipped = [[max(-6e4, min(6e4, v)) if v == v else v for v in side] for side in (left, right)]
    here, there = (array(*side, code=code) for side in (clipped if code == "e" else (left, right)))
    small, fast.SMALL = fast.SMALL, 0
    try:
        found = fast.compare_arrays(here, there, tolerance)
    finally:
        fast.SMALL = small

    assert repr(found) == repr(spread(here, there, tolerance))
    assert compare_grids(here, there, tolerance) == compare_grids(
        here, there, tolerance, fast.compare_arrays
    )
