"""CSV and TSV: each number and text by row and column."""

import csv
from collections.abc import Iterator
from io import StringIO

from anew.formats.digits import parsed
from anew.formats.protocol import MOST_TEXT, Source, Unreadable, check_size
from anew.model.reading import Leaf, Reading


def read_table(source: Source) -> Reading:
    """Read a table; how its lines end and what is quoted is part of it."""
    check_size(len(source.data), MOST_TEXT)
    text = source.data.decode()
    if "\0" in text:
        raise Unreadable("it holds a byte of zero")
    delimiter = _delimiter(text, source.suffix)
    rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    if not rows:
        raise Unreadable("it has no row")
    return Reading("TSV" if delimiter == "\t" else "CSV", _leaves(rows, text))


def _delimiter(text: str, suffix: str) -> str:
    if suffix == ".tsv":
        return "\t"
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _leaves(rows: list[list[str]], text: str) -> Iterator[Leaf]:
    header = rows[0] if not any(parsed(cell.strip()) for cell in rows[0]) else []
    for number, row in enumerate(rows, 1):
        if not row:
            yield Leaf(f"row {number}", "")
        for position, cell in enumerate(row):
            name = header[position] if number > 1 and position < len(header) else ""
            place = f"row {number}, column {name or position + 1}"
            found = parsed(cell.strip(" "))
            if found is None:
                yield Leaf(place, cell)
            else:
                yield Leaf(place, found.value, found.digits)
    ends = text.count("\r\n")
    lines = {"CRLF": ends, "LF": text.count("\n") - ends, "CR": text.count("\r") - ends}
    said = [f"{count} {name}" for name, count in lines.items() if count]
    said.append("the last line is ended" if text[-1] in "\r\n" else "the last line is not ended")
    yield Leaf("ends of lines", ", ".join(said))
    yield Leaf("quotes", f"{text.count(chr(34))} quotation marks")
