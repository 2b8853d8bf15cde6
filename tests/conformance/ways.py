"""Way: one way to read or write files, with what must be true of its record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

IN = "data/in.txt"
UNREAD = "data/unread.txt"
TEXT = b"one\ntwo\nthree\n"


class Kind(StrEnum):
    """What the text of a way is."""

    SHELL = "sh"
    PYTHON = "py"
    C = "c"


@dataclass(frozen=True, slots=True)
class Way:
    """A program that runs in `project/`, beside `data/`, and the files it must have read.

    What it writes, changes and deletes need not be said: that is seen on the disk.

    Attributes:
        reads: files it reads, relative to the folder of both; each with the bytes given.
        files: what lies there before, beside `data/in.txt` and `data/unread.txt`.
        needs: `module:X`, `program:X` or `file:X`: without one of them the way is skipped.
        prepare: a shell text that is run before, outside of the recording.
        options: of the compiler.
        command: the words that are recorded; empty: what follows from the kind.
        stdin: the file that is given as stdin.
        gap: what the coverage must name, where the way cannot be followed; empty: it can.
        exits: the exit code of the run.
    """

    family: str
    name: str
    kind: Kind
    text: str
    reads: tuple[str, ...] = (IN,)
    files: Mapping[str, bytes] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    prepare: str = ""
    options: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    stdin: str = ""
    gap: str = ""
    exits: int = 0

    @property
    def title(self) -> str:
        return f"{self.family}: {self.name}"
