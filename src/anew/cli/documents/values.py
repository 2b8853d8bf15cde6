"""Values as JSON can hold them: numbers that a reader may round are text, times are ISO 8601."""

import json
import math
from datetime import UTC, datetime, timedelta

from anew.model.canonical import EXACT_INTEGERS

_EPOCH = datetime.fromtimestamp(0, UTC)


def number(text: str) -> float | int | str:
    """Return the number that `repr` wrote; NaN and infinities as text.

    >>> [number(text) for text in ("0.5", "nan", "-inf", "3")]
    [0.5, 'NaN', '-Infinity', 3]
    """
    try:
        value: float | int = int(text)
        return value if abs(value) <= EXACT_INTEGERS else text
    except ValueError:
        value = float(text)
    return safe(value)  # type: ignore[return-value]


def safe(value: object) -> object:
    """Return a JSON value with what JSON, or a reader of it, cannot hold as text.

    >>> safe({"big": 2**60, "nan": [math.nan, math.inf]})
    {'big': '1152921504606846976', 'nan': ['NaN', 'Infinity']}
    """
    match value:
        case bool():
            return value
        case int():
            return value if abs(value) <= EXACT_INTEGERS else str(value)
        case float():
            if math.isnan(value):
                return "NaN"
            if math.isinf(value):
                return "Infinity" if value > 0 else "-Infinity"
            return value
        case dict():
            return {str(name): safe(part) for name, part in value.items()}
        case list() | tuple():
            return [safe(part) for part in value]
        case _:
            return value


def parsed(text: str) -> object:
    """Return the value that JSON text holds, safe to write again; other text as it is."""
    try:
        return safe(json.loads(text))
    except ValueError:
        return text


def seconds(microseconds: int | None) -> float | None:
    """Return a time span in seconds."""
    return None if microseconds is None else microseconds / 1e6


def moment(microseconds: int) -> str | None:
    """Return a time in µs since 1970 as ISO 8601 in UTC; None for 0, which says nothing.

    >>> moment(1_700_000_000_000_000)
    '2023-11-14T22:13:20Z'
    """
    if not microseconds:
        return None
    try:
        when = _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None
    return when.isoformat().replace("+00:00", "Z")
