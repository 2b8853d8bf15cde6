"""Process ids: what is taken for one, and above all what is not."""

from hypothesis import given
from hypothesis import strategies as st

from anew.judge.pids import differ_in_pids_only

WORDS = st.text("ab 0123456789:.,-/", max_size=30)


@given(WORDS, WORDS)
def test_nothing_is_hidden_where_no_process_is_known(left: str, right: str) -> None:
    assert not differ_in_pids_only(left, right, set(), {1})
    assert not differ_in_pids_only(left, right, {1}, set())


@given(WORDS, st.integers(1, 99_999), st.integers(1, 99_999))
def test_a_number_that_is_no_process_counts(around: str, number: int, other: int) -> None:
    left, right = f"{around} {number} x", f"{around} {other} x"
    assert differ_in_pids_only(left, right, {-1}, {-1}) is (left == right)


def test_what_is_no_bare_number_counts() -> None:
    for left, right in (("1.5000", "1.6000"), ("-5000", "-6000"), ("5000.5", "6000.5"), ("a5000", "a6000"),
                        ("5000 ms", "6000 s"), ("14", "15")):  # fmt: skip
        assert not differ_in_pids_only(left, right, {5000, 14}, {6000, 15}), left
