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


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], spare: Sequence[str] = ()
) -> list[str]:
    """Return the lines of a table; columns that are empty in all rows are left out.

    On a terminal the head is bold, and where it is too narrow the columns `spare` are left out, the
    first of them first; then the last column is cut at the edge.
    """
    columns = dict(zip(head, zip(*rows, strict=True) if rows else [()] * len(head), strict=True))
    columns = {
        name: cells for name, cells in columns.items() if name == head[-1] or any(cells)
    }  # fmt: skip
    widths = {name: max(map(width_of, (name, *cells))) for name, cells in columns.items()}
    edge = width()
    for name in spare if edge is not None else ():
        if edge is not None and sum(widths.values()) + 2 * (len(widths) - 1) > edge:
            widths.pop(name, None)
            columns.pop(name, None)
    lines = [tuple(columns), *zip(*columns.values(), strict=True)]
    text = [_line(line, list(widths.values()), edge) for line in lines]
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
