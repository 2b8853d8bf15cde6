"""Numbers in running text, apart from the words around them."""

import re
from itertools import zip_longest
from typing import NamedTuple

from anew.judge.closeness import is_close, is_same
from anew.model.tolerance import Tolerance

# A number ends where a word begins: `conv1`, `v1.2.3`, `3e` and `1.5s` hold none.
_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|(?i:nan|inf|infinity))(?![\w]|\.\d)"
)
_GAP = re.compile(r"[ \t]+")
DIGITS = 17  # that tell every 64-bit float from every other


class Text(NamedTuple):
    """A text as its numbers, in order, and what stands before, between and after them."""

    numbers: tuple[str, ...]
    words: tuple[str, ...]


class Agreement(NamedTuple):
    """How many numbers of two texts differ, all of them within a tolerance, or not."""

    close: bool
    within: int = 0


def taken_apart(text: str) -> Text:
    """Split `text` at its numbers; how wide the gap beside one is does not count.

    >>> taken_apart("loss  0.5 at step 3")
    Text(numbers=('0.5', '3'), words=('loss ', ' at step ', ''))
    """
    words, end = [], 0
    numbers = []
    for found in _NUMBER.finditer(text):
        words.append(text[end : found.start()])
        numbers.append(found.group())
        end = found.end()
    words.append(text[end:])
    if not numbers:
        return Text((), (text,))
    return Text(tuple(numbers), tuple(_narrowed(word) for word in words))


def agreement(left: str, right: str, tolerance: Tolerance) -> Agreement:
    """Say whether two texts have the same words, and numbers that agree under `tolerance`.

    Whole numbers on both sides are steps, counts and labels, not measurements: they must be equal.
    """
    here, there = taken_apart(left), taken_apart(right)
    if here.words != there.words or len(here.numbers) != len(there.numbers):
        return Agreement(close=False)
    within = 0
    for first, second in zip_longest(here.numbers, there.numbers, fillvalue=""):
        if first == second:
            continue
        if is_whole(first) and is_whole(second):
            return Agreement(close=False)
        one, other = float(first), float(second)
        if not is_close(one, other, tolerance):
            return Agreement(close=False)
        within += not is_same(one, other) or is_long(first) or is_long(second)
    return Agreement(close=True, within=within)


def is_whole(number: str) -> bool:
    """Say whether a number is written without fraction or exponent."""
    return number.rstrip(".").lstrip("+-").isdigit()


def is_long(number: str) -> bool:
    """Say whether a number is written with more digits than a 64-bit float holds.

    >>> is_long("0.1000000000000000000001"), is_long("0.00000000000000000000001")
    (True, False)
    """
    mantissa = number.lower().partition("e")[0]
    digits = re.sub(r"\D", "", mantissa).lstrip("0")
    return len(digits.rstrip("0")) > DIGITS


def _narrowed(word: str) -> str:
    """Return `word` with the gap at each end one space wide: columns are as wide as numbers."""
    if not word or word.isspace():
        return " " if word else ""
    start = " " if word[0] in " \t" else ""
    end = " " if word[-1] in " \t" else ""
    return start + word.strip(" \t") + end
