"""Numbers as text, without losing a digit."""

import re
from decimal import Decimal
from math import isinf
from typing import NamedTuple

from anew.model.canonical import EXACT_INTEGERS

SIGNIFICANT = 17  # digits that tell every 64-bit float from every other
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,5})?", re.ASCII)
_NO_NUMBER = re.compile(r"[-+]?(?:nan|inf|infinity)", re.IGNORECASE)
_LONGEST = 4000  # digits of a number; a longer one is text


class Parsed(NamedTuple):
    """A number; `digits` is all of it where a 64-bit float does not hold it."""

    value: float
    digits: str = ""


def parsed(text: str) -> Parsed | None:
    """Return the number that `text` is, None where it is none.

    >>> parsed("12"), parsed("0.5"), parsed("1.2.3")
    (Parsed(value=12, digits=''), Parsed(value=0.5, digits=''), None)
    """
    if not _NUMBER.fullmatch(text):
        return Parsed(float(text)) if _NO_NUMBER.fullmatch(text) else None
    if len(text) > _LONGEST:
        return None
    value = float(text)
    if text.lstrip("+-").isdigit():
        return whole(int(text))
    if isinf(value) or value == 0 or (len(text) > SIGNIFICANT and _digits(text) > SIGNIFICANT):
        sign, digits, exponent = Decimal(text).as_tuple()
        written = "".join(map(str, digits)).strip("0")
        if len(written) > SIGNIFICANT or isinf(value) or (value == 0 and written):
            tail = len(digits) - len("".join(map(str, digits)).rstrip("0"))
            return Parsed(value, f"{'-' if sign else ''}{written}e{int(exponent) + tail}")
    return Parsed(value)


def _digits(text: str) -> int:
    """Count the significant digits of a number."""
    mantissa = text.lower().partition("e")[0].lstrip("+-").replace(".", "")
    return len(mantissa.strip("0"))


def whole(value: int) -> Parsed | None:
    """Return an integer; None where no float comes near it."""
    if abs(value) <= EXACT_INTEGERS:
        return Parsed(value)
    try:
        return Parsed(float(value), str(value))
    except OverflowError:
        return None
