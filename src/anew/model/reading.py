"""Reading: what a file holds, taken apart so that two of them can be compared as values."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from anew.model.digest import Digest, digest_bytes


class Leaf(NamedTuple):
    """One number or text and its place in a file.

    `digits` is the number in full where a 64-bit float cannot hold it, else empty.
    """

    place: str
    value: float | str  # an int stays an int
    digits: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """An array: `raw` holds its numbers end to end in the order of the file, little-endian.

    `code` is the letter of `struct` for one number; `kind` how the file names the type, with all
    else that has to agree. An image has shape (rows, columns, channels) and `pixels` set, its
    largest value there.
    """

    place: str
    kind: str
    code: str
    shape: tuple[int, ...]
    raw: bytes
    by_columns: bool = False
    pixels: int = 0


@dataclass(frozen=True, slots=True)
class Lines:
    """Text to be compared line by line. `volatile` says that clocks in it may be masked."""

    place: str
    text: str
    volatile: bool = False


class Blob(NamedTuple):
    """Bytes that are compared as bytes."""

    place: str
    digest: Digest
    size: int


Part = Leaf | Grid | Lines | Blob


def blob(place: str, data: bytes) -> Blob:
    """Return `data` by its digest."""
    return Blob(place, digest_bytes(data), len(data))


class Ignored(NamedTuple):
    """Something a file stores that says nothing about the result: a clock, a tool's version."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A file by its parts, in a set order; together with `ignored` they are all it holds.

    `parts` may be an iterator: it is taken once.
    """

    format: str
    parts: Iterable[Part]
    ignored: tuple[Ignored, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """There is a reader, but it would not read this: `why` says what stopped it."""

    why: str
