"""Reader: takes the bytes of one format apart. What they are is untrusted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from anew.model.reading import Reading, Unread

MOST_EXPANDED = 256 << 20  # bytes that a compressed file may come to, all members together
MOST_TEXT = 32 << 20  # bytes of text that are taken apart into leaves
MOST_DEPTH = 3  # files within files


class Unreadable(Exception):
    """These bytes are not of the format, or hold what it does not surely understand."""


class TooLarge(Exception):
    """These bytes may be of the format, but are too much to compare as numbers."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be read: its name, its bytes, and how many files it lies within.

    `inside` reads a file within this one, by whatever reader knows it.
    """

    name: str
    data: bytes
    inside: Callable[["Source"], Reading | Unread | None]
    depth: int = 0

    @property
    def suffix(self) -> str:
        """The end of the name from its last dot, in small letters."""
        stem, dot, suffix = self.name.rpartition("/")[2].rpartition(".")
        return f".{suffix.lower()}" if dot and stem else ""

    def member(self, name: str, data: bytes) -> "Source":
        """Return a file within this one."""
        return Source(name, data, self.inside, self.depth + 1)


class Reader(Protocol):
    """Returns the reading of a file.

    All bytes that the format does not let it ignore openly end up in a part of the reading: what
    is in no part cannot be seen to differ.
    """

    def __call__(self, source: Source) -> Reading:
        """Take `source` apart.

        Raises:
            Unreadable: it is not of the format.
            TooLarge: it is too much.
        """
        ...


def check_size(size: int, most: int) -> None:
    """Refuse more than `most` bytes.

    Raises:
        TooLarge: `size` is more.
    """
    if size > most:
        raise TooLarge(f"more than {most:,} B are too large to compare as numbers")
