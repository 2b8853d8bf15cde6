"""Two texts, line by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anew.judge.lines import compare_lines
from anew.judge.masks import Masks, Place
from anew.model.tolerance import Absolute, Exact, Relative, Tolerance
from anew.model.verdict import Answer

EXACT = Exact()
MASKS = Masks((Place("project", "/home/u/proj", "/rooms/r1"),))


def judge(left: str, right: str, tolerance: Tolerance = EXACT) -> Answer:
    there = compare_lines(right, left, tolerance, Masks())
    here = compare_lines(left, right, tolerance, Masks())
    assert here.answer is there.answer
    assert bool(here.difference) is (here.answer is not Answer.IDENTICAL)
    return here.answer


DIFFERENT = [
    ("a\nb\n", "b\na\n"),
    ("loss 0.1234\n", "loss 0.1235\n"),
    ("a\n", "a"),
    ("a\n", "a\r\n"),
    ("a\nb\n", "a\r\nb\r\n"),
    ("a\n", "a\n\n"),
    ("a\nb\nc\n", "a\nb\n"),
    ("a\n", "a \n"),
    ("loss 0.10\n", "loss 0.1\n"),
    ("a  b\n", "a b\n"),
    ("12:34:56 loss 0.5\n", "12:34:57 loss 0.6\n"),
    ("took 12.3s for 100 items\n", "took 12.4s for 101 items\n"),
    ("time_to_target 12.3\n", "time_to_target 12.4\n"),
    ("accuracy: 0.93\n", "accuracy: 0.94\n"),
    ("Epoch 1: 12.3s\n", "Epoch 2: 12.3s\n"),
    ("took 12.3s\n", "took 12.3ms/step\n"),
    ("at 12:34:56\n", "at <time>\n"),
    ("at 12:34:56\n", "at \ue000time\ue001\n"),
    ("10/10 [00:01<00:00, 9.9it/s, loss=0.5]\n", "10/10 [00:01<00:00, 9.9it/s, loss=0.6]\n"),
    ("\r1/2 loss 0.5\r2/2 loss 0.3\n", "\r1/2 loss 0.9\r2/2 loss 0.3\n"),
    ("\r1/2 x\r2/2 loss 0.3\n", "\r1/2 x\r2/2 loss 0.4\n"),
    ("secret 5\rdone\n", "secret 6\rdone\n"),
    ("secret 5\rdone\n", "done\n"),
    ("forecast 2024-05-01: 5\n", "forecast 2024-05-02: 6\n"),
    ("0x7f1234567890 0.5\n", "0x7f1234567891 0.6\n"),
    ("saved /home/u/proj/a\n", "saved /rooms/r1/a\n"),
    ("nan\n", "1.0\n"),
    ("True\n", "False\n"),
    ("1\n2\n3\n", "1\n3\n2\n"),
]


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_near_misses_diverge(left: str, right: str) -> None:
    assert judge(left, right) is Answer.DIVERGED


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("12:34:56 loss 0.5\n", "12:34:57 loss 0.5\n"),
        ("took 12.3s\nloss 0.5\n", "took 0.5s\nloss 0.5\n"),
        ("<f at 0x7f1234567890>\n", "<f at 0x7f1234567a90>\n"),
        ("\r1/3 a\r3/3 a\n", "\r1/3 a\r2/3 a\r3/3 a\n"),
        ("\r 50%|# | 1/2 [00:01<00:01, 1.0it/s]\r100%|##| 2/2 [00:02<00:00, 1.0it/s]\n",
         "\r100%|##| 2/2 [00:01<00:00, 2.0it/s]\n\n"[:-1]),
        ("\r 53%|# | 531/999 [00:01<00:01, 1.0it/s]\r100%|##| 999/999 [00:02<00:00, 1.0it/s]\n",
         "\r 53%|# | 534/999 [00:01<00:01, 2.0it/s]\r100%|##| 999/999 [00:01<00:00, 2.0it/s]\n"),
        ("\n\n1.2 it/s", "\n\n1.3 it/s"),
    ],
)  # fmt: skip
def test_what_a_clock_or_an_address_changed_is_equivalent_and_named(left: str, right: str) -> None:
    found = compare_lines(left, right, Exact(), MASKS)

    if "\r" in left and left.count("\r") != right.count("\r") and right.count("\r") < 2:
        assert found.answer in (Answer.DIVERGED, Answer.EQUIVALENT)
    else:
        assert found.answer is Answer.EQUIVALENT
        assert "equal without: " in found.difference


def test_known_folders_are_masked_in_any_text_and_clocks_only_in_volatile() -> None:
    places = compare_lines("/home/u/proj/a", "/rooms/r1/a", Exact(), MASKS, volatile=False)
    clocks = compare_lines("12:34:56", "12:34:57", Exact(), MASKS, volatile=False)

    assert places.answer is Answer.EQUIVALENT
    assert places.difference == "1 of 1 lines differ: equal without: path of the project"
    assert clocks.answer is Answer.DIVERGED


def test_numbers_are_compared_under_a_tolerance() -> None:
    found = compare_lines("loss  9.99 a\n", "loss 10.01 a\n", Absolute(0.1), MASKS)

    assert found.answer is Answer.EQUIVALENT
    assert found.difference == "1 of 2 lines differ: 1 numbers within abs=0.1"
    assert judge("loss 0.5", "loss 0.7", Absolute(0.1)) is Answer.DIVERGED
    assert judge("12:34:56 loss 0.5", "12:34:57 loss 0.55", Absolute(0.1)) is Answer.EQUIVALENT


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("step 1 loss 0.5\nstep 2 loss 0.5\n", "step 2 loss 0.5\nstep 1 loss 0.5\n"),
        ("step 1\n", "step 2\n"),
        ("conv1 0.5\n", "conv2 0.5\n"),
        ("v1.2.3\n", "v1.2.4\n"),
        ("loss 0.5 acc 0.6\n", "loss 0.5\n"),
        ("loss 0.5\n", "loss 0.5 0.5\n"),
        ("nan\n", "0.5\n"),
        ("loss 0.5\n", "lost 0.5\n"),
        ("0.5\n", "0.5"),
        ("0.5\n", "0.5\r\n"),
        ("a  b 0.5\n", "a b 0.5\n"),
    ],
)
def test_tolerance_holds_for_measurements_alone(left: str, right: str) -> None:
    assert judge(left, right, Absolute(100)) is Answer.DIVERGED


def test_difference_names_the_first_line_and_counts_them() -> None:
    found = compare_lines("a\nb 1\nc\nd 1\n", "a\nb 2\nc\nd 2\n", Exact(), MASKS)

    assert found.difference == "2 of 5 lines differ, first line 2: 'b 1' and 'b 2'"


def test_difference_of_another_length_names_both_counts() -> None:
    found = compare_lines("a\nb\n", "a\n", Exact(), MASKS)

    assert found.difference == ("2 and 1 lines, first difference: line 2 is on the left only: 'b'")


def test_same_lines_in_another_order_are_said_to_be_so() -> None:
    found = compare_lines("a\nb\n", "b\na\n", Exact(), MASKS)

    assert found.difference.endswith("the same lines, in another order")


TEXTS = st.lists(
    st.sampled_from(
        ["a", "loss 0.5", "loss 0.51", "12:34:56 x", "12:34:57 x", "", "\r1/2\r2/2", "took 1.5s"]
    ),
    max_size=5,
).map("\n".join)


@given(TEXTS, TEXTS, st.sampled_from([Exact(), Absolute(0.1), Relative(0.5)]))
def test_identical_only_if_every_byte_is_and_no_side_counts_more(
    left: str, right: str, tolerance: Tolerance
) -> None:
    found = judge(left, right, tolerance)

    assert (found is Answer.IDENTICAL) is (left == right)


@given(st.text(), st.text())
def test_any_two_texts_can_be_compared(left: str, right: str) -> None:
    found = compare_lines(left, right, Relative(0.5), MASKS)

    assert (found.answer is Answer.IDENTICAL) is (left == right)
