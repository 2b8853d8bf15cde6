"""VerifiedFile: a stream that checks the digest when it has been read from end to end."""

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from anew.model.digest import Digest, Hasher
from anew.model.errors import DamagedObject

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class VerifiedFile(io.RawIOBase):
    """A file to be read; a reader that goes through it in order learns of damage at its end."""

    def __init__(self, path: Path, digest: Digest) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._digest = digest
        self._hasher: Hasher | None = Hasher()
        self._position = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is; what is read out of order is not checked."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read into `buffer`; at the end of the file check all that was read."""
        view = memoryview(buffer).cast("B")
        count = os.preadv(self._file, [view], self._position)
        hasher = self._hasher
        if hasher is not None and hasher.size == self._position:
            hasher.update(view[:count])
            if not count and len(view):
                self._hasher = None
                if hasher.digest() != self._digest:
                    raise damaged(self._digest)
        self._position += count
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place in the file."""
        bases = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}
        base = bases[whence] if whence in bases else os.fstat(self._file).st_size
        self._position = max(base + offset, 0)
        return self._position

    def tell(self) -> int:
        """Return the place in the file."""
        return self._position

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            os.close(self._file)
        super().close()


def damaged(digest: Digest) -> DamagedObject:
    """Return the error for an object whose bytes are not those it is named by."""
    return DamagedObject(
        f"object `{digest}` is damaged",
        why="its bytes do not have that digest",
        hint="bring it back from another copy of the store; `anew verify` lists all such objects",
    )
