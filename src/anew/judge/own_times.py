"""Times within a run: where two texts differ in the hour they were written, and in nothing else.

A time in a file may be data; one that lies within the very run that wrote it, on either side, is a
clock's.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

OWN_TIME = "time within the run"
MARGIN = 1.0  # seconds by which a clock may be cut or rounded
ZONES = tuple(timedelta(minutes=minutes) for minutes in range(-14 * 60, 14 * 60 + 1, 15))
SCALES = {10: 1.0, 13: 1e3, 16: 1e6, 19: 1e9}  # digits of a time since 1970, and its ticks a second
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = re.compile(
    r"(?<![\w.])("
    r"\d{4}([-/])\d\d\2\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"  # ISO 8601
    r"|\d{8}[-_T]\d{6}Z?"
    r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:" + "|".join(MONTHS) + r") [ \d]\d \d\d:\d\d:\d\d \d{4}"
    r"|1\d{9}(?:\d{3}|\d{6}|\d{9})?(?:\.\d{1,9})?"  # since 1970
    r")(?![\w]|\.\d)"
)
_GROUPS = 2


class Span(NamedTuple):
    """When a run went on, in seconds since 1970."""

    start: float
    end: float

    def holds(self, time: float) -> bool:
        """Say whether a clock could show `time` in the run."""
        return self.start - MARGIN <= time <= self.end + MARGIN


def differ_in_own_times_only(left: str, right: str, here: Span | None, there: Span | None) -> bool:
    """Say whether two texts differ in times alone that each lie within their own run.

    >>> run, again = Span(1.7e9, 1.7e9 + 5), Span(1.8e9, 1.8e9 + 5)
    >>> differ_in_own_times_only("end: 1700000003123", "end: 1800000001999", run, again)
    True
    >>> differ_in_own_times_only("end: 1700000103123", "end: 1800000001999", run, again)
    False
    """
    if here is None or there is None:
        return False
    one, other = _TIME.split(left), _TIME.split(right)
    step = _GROUPS + 1
    if len(one) != len(other) or len(one) == 1 or one[::step] != other[::step]:
        return False
    return all(
        time == also or _both_own(time, also, here, there)
        for time, also in zip(one[1::step], other[1::step], strict=True)
    )


def _both_own(left: str, right: str, here: Span, there: Span) -> bool:
    """Say whether both are of the run that wrote them, by one way of telling the time."""
    first, second = _times(left), _times(right)
    if len(first) != len(second):
        return False
    return any(
        here.holds(one) and there.holds(other) for one, other in zip(first, second, strict=True)
    )


def _times(text: str) -> tuple[float, ...]:
    """Return the times that a text may mean, in seconds since 1970: one a zone if it names none."""
    whole = text.partition(".")[0]
    if whole.isdigit():
        return (float(text) / SCALES[len(whole)],)
    try:
        moment = _moment(text)
    except ValueError:
        return ()
    if moment.tzinfo is not None:
        return (moment.timestamp(),)
    return tuple((moment.replace(tzinfo=UTC) + zone).timestamp() for zone in ZONES)


def _moment(text: str) -> datetime:
    if text[0].isalpha():
        _, month, day, clock, year = text.split()
        return datetime.fromisoformat(f"{year}-{MONTHS.index(month) + 1:02}-{int(day):02}T{clock}")
    if text[8] in "-_T":
        return datetime.fromisoformat(text.replace("-", "T").replace("_", "T"))
    return datetime.fromisoformat(text.replace("/", "-").replace(",", "."))
