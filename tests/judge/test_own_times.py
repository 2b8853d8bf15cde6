"""Times within a run: what a clock wrote while it went on, and above all what is data."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anew.judge.own_times import Span, differ_in_own_times_only

START, AGAIN = 1_716_200_000, 1_716_280_000
HERE, THERE = Span(START, START + 30), Span(AGAIN, AGAIN + 30)
EAST = timezone(timedelta(hours=5, minutes=45))
FORMS = {
    "seconds": lambda at: f"end_time: {at}",
    "fraction": lambda at: f'{{"at": {at}.123456}}',
    "milliseconds": lambda at: f"{at}977 0.41 0",
    "microseconds": lambda at: f"t={at}977123",
    "nanoseconds": lambda at: f"t={at}977123456,",
    "ISO": lambda at: datetime.fromtimestamp(at, UTC).isoformat(),
    "ISO, Z": lambda at: datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.5Z"),
    "ISO, a zone": lambda at: datetime.fromtimestamp(at, EAST).isoformat(" "),
    "ISO, no zone": lambda at: datetime.fromtimestamp(at, EAST).strftime(
        "at %Y-%m-%d %H:%M:%S,977"
    ),
    "slashes": lambda at: datetime.fromtimestamp(at, UTC).strftime("%Y/%m/%d %H:%M:%S"),
    "compact": lambda at: datetime.fromtimestamp(at, UTC).strftime("log-%Y%m%d_%H%M%S"),
    "ctime": lambda at: datetime.fromtimestamp(at, UTC).strftime(
        'Creator "x on %a %b %d %H:%M:%S %Y"'
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_time_of_the_run_itself_is_no_difference(form: str) -> None:
    write = FORMS[form]
    assert differ_in_own_times_only(write(START + 3), write(AGAIN + 20), HERE, THERE)


@pytest.mark.parametrize("form", FORMS)
def test_a_time_outside_is_one(form: str) -> None:
    write = FORMS[form]
    for left, right in (
        (START - 40, AGAIN),
        (START, AGAIN + 70),
        (AGAIN, START),
        (START + 1, START + 2),
    ):
        assert not differ_in_own_times_only(write(left), write(right), HERE, THERE)


@pytest.mark.parametrize("form", FORMS)
def test_what_stands_beside_it_counts(form: str) -> None:
    write = FORMS[form]
    assert not differ_in_own_times_only(f"{write(START)} 1", f"{write(AGAIN)} 2", HERE, THERE)


def test_what_only_looks_like_a_time_is_data() -> None:
    for left, right in ((f"{START}", f"{START}.5x"), (f"a{START}", f"a{AGAIN}"), (f"1.{START}", f"1.{AGAIN}"),
                        (f"{START}12", f"{AGAIN}12"), ("2024-13-45 25:61:61", "2024-13-45 25:61:62")):  # fmt: skip
        assert not differ_in_own_times_only(left, right, HERE, THERE)
    assert not differ_in_own_times_only(str(START), str(AGAIN), None, THERE)
    assert not differ_in_own_times_only("same", "same", HERE, THERE)


@given(st.text("0123456789:-T .Z", max_size=30), st.text("0123456789:-T .Z", max_size=30))
def test_nothing_raises(left: str, right: str) -> None:
    differ_in_own_times_only(left, right, HERE, THERE)
