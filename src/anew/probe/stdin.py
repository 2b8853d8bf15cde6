"""Keeps what the program reads from a pipe on stdin: bytes that decide the result, as inputs do.

Only what is read is kept, as it is read: what a program leaves in the pipe is for who comes next.
"""

from __future__ import annotations

import io
import posix
import sys

from . import state

FILE = "stdin"
_FIFO, _KIND = 0o010000, 0o170000


class _Kept(io.FileIO):
    """Descriptor 0, whose bytes go to the spool as well."""

    def readinto(self, buffer: bytearray | memoryview, /) -> int | None:  # type: ignore[override]
        """Read as a file does."""
        count = super().readinto(buffer)
        if count:
            _keep(bytes(memoryview(buffer).cast("B")[:count]))
        return count

    def read(self, size: int | None = -1, /) -> bytes | None:  # type: ignore[override]
        """Read as a file does."""
        if size is None or size < 0:
            return self.readall()
        data = super().read(size)
        if data:
            _keep(data)
        return data

    def readall(self) -> bytes:
        """Read as a file does."""
        data = super().readall()
        if data:
            _keep(data)
        return data


def begin() -> None:
    """Put ourselves between Python's own stdin and descriptor 0, where that is a pipe."""
    old = sys.stdin
    try:
        if old is None or posix.fstat(0).st_mode & _KIND != _FIFO or old.fileno() != 0:
            return
    except (OSError, ValueError, AttributeError):
        return
    new = io.TextIOWrapper(
        io.BufferedReader(_Kept(0, "rb", closefd=False)),  # type: ignore[type-var]
        encoding=old.encoding,
        errors=old.errors,
        line_buffering=bool(old.line_buffering),
    )
    new.mode = "r"  # type: ignore[misc]
    sys.stdin = sys.__stdin__ = new  # type: ignore[misc]


def _keep(data: bytes) -> None:
    """Append to the spool; what cannot be written there is the seal's to notice."""
    try:
        descriptor = posix.open(
            f"{state.spool}/{FILE}", posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND, 0o600
        )
    except OSError:
        return
    try:
        posix.write(descriptor, data)
    except OSError:
        pass
    finally:
        posix.close(descriptor)
