"""Segments: the file each writing host appends its entries to, one chained line each."""

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from anew.model import canonical
from anew.model.digest import Digest, digest_bytes
from anew.model.entry import Entry
from anew.model.errors import BrokenLedger, DamagedObject
from anew.store.durable import read_at

SUFFIX = ".jsonl"
_BLOCK = 1 << 16
_NEWLINE = b"\n"


class Position(Struct, frozen=True):
    """How far a segment was read: bytes, and the digest of the last line read."""

    offset: int = 0
    head: Digest | None = None


START = Position()


class Line(Struct, frozen=True):
    """An entry, the segment it stands in, its line number from where reading began, and its end."""

    segment: str
    number: int
    entry: Entry
    end: Position


class Tail(Struct, frozen=True):
    """The end of a segment: its last whole line, and what stands after it unfinished."""

    size: int  # bytes up to the end of the last whole line
    head: Digest | None
    torn: bytes


def segments(folder: Path) -> list[Path]:
    """Return the segments of a ledger, by name."""
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIX))
    except FileNotFoundError:
        return []


def read_lines(path: Path, since: Position = START) -> Iterator[Line]:
    """Yield the entries of a segment from a position on, as far as it is written now.

    An unfinished last line is left for later. The first line must follow `since.head`.

    Raises:
        BrokenLedger: a line that others follow is no entry, or the segment is not the one that
            was read up to `since`.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < since.offset:
            raise broken(path, 0, f"it was {since.offset} bytes long and is {size}")
        if since.offset:
            file.seek(since.offset - 1)
            if file.read(1) != _NEWLINE:
                raise broken(path, 0, f"no line ends at byte {since.offset} any more")
        position, first = since, True
        for number, line in enumerate(file, 1):
            if not line.endswith(_NEWLINE):
                return
            entry = parse(line)
            if entry is None:
                if position.offset + len(line) < os.fstat(file.fileno()).st_size:
                    raise broken(path, number, "it is no entry")
                return
            if first and since.offset and entry.previous != since.head:
                raise broken(path, number, "it does not follow the line read last")
            first = False
            position = Position(position.offset + len(line), line_digest(line))
            yield Line(path.name, number, entry, position)


def read_tail(file: int) -> Tail:
    """Return how an open segment ends."""
    size = os.fstat(file).st_size
    start, data = size, b""
    while True:
        whole, torn = _last_line(data, is_all=start == 0)
        if whole is not None:
            end = size - len(torn)
            return Tail(end, line_digest(whole) if whole else None, torn)
        step = min(start, max(_BLOCK, len(data)))
        start -= step
        data = read_at(file, start, step) + data


def _last_line(data: bytes, *, is_all: bool) -> tuple[bytes | None, bytes]:
    """Return the last entry's line in `data`, and what follows; None if more has to be read."""
    end = len(data)
    while True:
        end = data.rfind(_NEWLINE, 0, end) + 1
        if not end:
            return (b"", data) if is_all else (None, b"")
        begin = data.rfind(_NEWLINE, 0, end - 1) + 1
        if not begin and not is_all:
            return None, b""
        if parse(data[begin:end]) is not None:
            return data[begin:end], data[end:]
        end = begin


def parse(line: bytes) -> Entry | None:
    """Return the entry a line holds, or None."""
    try:
        return canonical.decode(line, Entry)
    except DamagedObject:
        return None


def line_digest(line: bytes) -> Digest:
    """Return what the next entry names as `previous`: the digest of a line, its end included."""
    return digest_bytes(line)


def check_segment(path: Path) -> Position:
    """Follow the chain of a segment from its first line; return where it ends.

    Raises:
        BrokenLedger: a line is no entry, or does not follow from the line before it.
    """
    position = START
    for line in read_lines(path):
        if line.entry.previous != position.head:
            raise broken(path, line.number, "it does not follow from the line before it")
        position = line.end
    return position


def broken(path: Path, number: int, why: str) -> BrokenLedger:
    """Return the error for a line of a segment, counted from 1; 0 is none of them."""
    return BrokenLedger(
        f"line {number} of `{path.name}` breaks the ledger"
        if number
        else f"segment `{path.name}` of the ledger is damaged",
        why=why,
        hint="compare it with a copy of the store; the entries before it can be trusted",
    )
