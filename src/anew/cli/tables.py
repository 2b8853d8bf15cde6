"""Tables and text for people: columns that line up, names that cannot harm a terminal."""

import os
import sys
import unicodedata
from collections.abc import Sequence

BOLD, PLAIN = "\033[1m", "\033[0m"
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def shown(text: str) -> str:
    r"""Return `text` on one line: control characters, and bytes that are no UTF-8, as escapes.

    >>> shown("a\nb\x1b[0m\udcff")
    'a\\nb\\x1b[0m\\xff'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def width_of(text: str) -> int:
    """Return how many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def width() -> int | None:
    """Return the width of the terminal that stdout is, or None where it is none."""
    if not sys.stdout.isatty():
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        return None


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table; columns that are empty in all rows are left out.

    On a terminal the head is bold and the last column is cut at the edge.
    """
    keep = [
        place for place in range(len(head))
        if place == len(head) - 1 or any(row[place] for row in rows)
    ]  # fmt: skip
    lines = [[head[place] for place in keep], *([row[place] for place in keep] for row in rows)]
    widths = [max(map(width_of, column)) for column in zip(*lines, strict=True)]
    edge = width()
    text = [_line(line, widths, edge) for line in lines]
    if edge is not None and not os.environ.get("NO_COLOR"):
        text[0] = f"{BOLD}{text[0]}{PLAIN}"
    return text


def _line(cells: Sequence[str], widths: Sequence[int], edge: int | None) -> str:
    padded = [
        cell.ljust(width) if cell.isascii() else cell + " " * (width - width_of(cell))
        for cell, width in zip(cells, widths, strict=True)
    ]
    line = "  ".join(padded).rstrip()
    if edge is not None and width_of(line) > edge:
        line = line[: max(edge - 1, 1)] + "…"
    return line
