"""Store and Batch: begin, add, commit; open, read, restore, has_many, verify, drop."""

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

from anew.model.digest import Digest
from anew.model.tree import Stamp


class Batch(Protocol):
    """Objects on their way in: none is visible before `commit`, all are after it."""

    def add(self, data: bytes) -> Digest:
        """Take bytes in that are in memory, and return their digest."""
        ...

    def add_file(self, path: str, stamp: Stamp | None) -> Digest:
        """Stream the file at `path` in, reading it once, and return its digest.

        Args:
            path: as the operating system knows it; bytes that are no UTF-8 as surrogate escapes.
            stamp: the state the file is to be read in; None takes it as it is.

        Raises:
            ChangedWhileRead: the file is not in that state before or after reading.
            OSError: it cannot be read, or the store cannot be written.
        """
        ...

    def known(self, stamp: Stamp) -> Digest | None:
        """Return what a file in that state holds, if that is known and need not be added."""
        ...

    def commit(self) -> None:
        """Make all that was added durable and visible.

        Raises:
            OSError: the store cannot be written; nothing of this batch is visible then.
        """
        ...

    def discard(self) -> None:
        """Forget all that was added since the last commit."""
        ...


class Store(Protocol):
    """Keeps bytes under their digest. Adding the same bytes twice keeps one object."""

    def begin(self) -> Batch:
        """Return an empty batch."""
        ...

    def fingerprint(self, path: str, stamp: Stamp | None) -> Digest:
        """Return the digest of a file without keeping it; remembered by its stamp where safe.

        Raises:
            ChangedWhileRead: the file is not in that state before or after reading.
            OSError: it cannot be read.
        """
        ...

    def open(self, digest: Digest) -> BinaryIO:
        """Return the bytes of `digest` as a stream the caller closes.

        Raises:
            MissingObject: the store does not hold it.
        """
        ...

    def read(self, digest: Digest) -> bytes:
        """Return the bytes of `digest`, checked against it.

        Raises:
            MissingObject: the store does not hold it.
            DamagedObject: it holds other bytes under that name.
        """
        ...

    def restore(self, digest: Digest, target: Path) -> None:
        """Write the bytes of `digest` to `target`, which must not exist, and check them.

        Raises:
            MissingObject: the store does not hold it.
            DamagedObject: it holds other bytes under that name; `target` is gone again.
        """
        ...

    def has_many(self, digests: Iterable[Digest]) -> frozenset[Digest]:
        """Return those of `digests` that the store holds."""
        ...

    def verify(self, digest: Digest) -> None:
        """Read the bytes of `digest` and check them against it.

        Raises:
            MissingObject: the store does not hold it.
            DamagedObject: it holds other bytes under that name.
        """
        ...

    def drop(self, digests: Iterable[Digest]) -> int:
        """Forget `digests`, where held; return how many bytes became free on disk."""
        ...
