"""Filters of `anew ls`: what stands on the command line becomes what is asked of the index."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from anew.ledger.query import (
    SORTABLE,
    Comparison,
    HasTag,
    MetricIs,
    ParameterIs,
    Sort,
    UsesContent,
    UsesPath,
)
from anew.ledger.query import number as finite
from anew.model.digest import PREFIX, Digest
from anew.model.errors import WrongUsage

if TYPE_CHECKING:
    from collections.abc import Callable

    from anew.ledger.query import Filter

_COMPARED = re.compile(r"(?P<name>.+?)\s*(?P<how><=|>=|!=|==|=|<|>)\s*(?P<value>.*)", re.DOTALL)
_AGO = re.compile(r"(?P<count>\d+)\s*(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_HEX = re.compile(r"(?:b3:)?([0-9a-f]{64})")
_FIELDS = {
    "started": "started_at",
    "inputs": "input_size",
    "outputs": "output_size",
    **{name: name for name in SORTABLE},
}
_ASCENDING = ("name", "status", "command")


def tag(text: str) -> HasTag:
    """Return the filter for `key` or `key=value`."""
    key, equals, value = text.partition("=")
    return HasTag(key, value if equals else None)


def parameter(text: str) -> ParameterIs:
    """Return the filter for `lr<0.1`."""
    name, how, value = _compared(text, "--param 'lr<0.1'")
    return ParameterIs(name, how, value)


def metric(text: str) -> MetricIs:
    """Return the filter for `accuracy>=0.9`."""
    name, how, value = _compared(text, "--metric 'accuracy>=0.9'")
    wanted = finite(value)
    if wanted is None:
        raise WrongUsage(
            f"--metric {text} compares with no number",
            why=f"{value!r} is none",
            hint="write --metric 'accuracy>=0.9'",
        )
    return MetricIs(name, how, wanted)


def _compared(text: str, example: str) -> tuple[str, Comparison, str]:
    found = _COMPARED.fullmatch(text)
    if found is None:
        raise WrongUsage(f"{text!r} compares nothing", hint=f"write {example}, in quotes")
    how = "=" if found["how"] == "==" else found["how"]
    return found["name"], Comparison(how), found["value"]


def file(text: str, digest_of: Callable[[str], Digest | None]) -> Filter:
    """Return the filter for a digest, for the content of a file that is here, or for a path."""
    found = _HEX.fullmatch(text)
    if found is not None:
        return UsesContent(Digest(PREFIX + found[1]))
    if text.startswith(PREFIX):
        raise WrongUsage(
            f"{text} is no digest",
            why=f"it has {len(text) - len(PREFIX)} hexadecimal digits and not 64",
            hint="copy it whole from `anew show RUN --json`",
        )
    digest = digest_of(text)
    return UsesContent(digest) if digest is not None else UsesPath(text)


def moment(text: str, now: str, *, end_of_day: bool = False) -> str:
    """Return the time in UTC that `text` names: a date, a time, or a span before `now`.

    >>> moment("2d", "2026-03-10T12:00:00Z"), moment("2026-03-01", "", end_of_day=True)
    ('2026-03-08T12:00:00', '2026-03-02T00:00:00')
    """
    try:
        if ago := _AGO.fullmatch(text):
            span = timedelta(**{_UNITS[ago["unit"]]: int(ago["count"])})
            when = datetime.fromisoformat(now) - span
        else:
            when = datetime.fromisoformat(text)
            if end_of_day and _DAY.fullmatch(text):
                when += timedelta(days=1)
        if when.tzinfo is not None:
            when = when.astimezone(UTC).replace(tzinfo=None)
        return when.isoformat()
    except (ValueError, OverflowError):
        raise WrongUsage(
            f"{text!r} is no time",
            hint="write a date such as 2026-03-01, a time such as 2026-03-01T12:00, or 2d, 3h, 30m",
        ) from None


def sort(text: str | None, *, reverse: bool) -> Sort:
    """Return the order for a field or `metric:NAME`: the latest, longest, highest first."""
    if text is not None and text.startswith("metric:"):
        return Sort(metric=text.partition(":")[2], descending=not reverse)
    field = _FIELDS.get(text or "started")
    if field is None:
        raise WrongUsage(
            f"runs cannot be sorted by {text!r}",
            hint=f"sort by {', '.join(sorted(_FIELDS))} or metric:NAME",
        )
    return Sort(field, descending=(field not in _ASCENDING) is not reverse)
