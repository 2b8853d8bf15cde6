"""MemoryStore: a store that is gone with its process, for tests."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from anew.model.digest import Digest, digest_bytes
from anew.model.errors import MissingObject
from anew.model.tree import Stamp
from anew.store.copying import fingerprint, opened, read_whole
from anew.store.verifying import damaged


class MemoryBatch:
    """Objects on their way into a memory store."""

    def __init__(self, objects: dict[Digest, bytes]) -> None:
        self._objects = objects
        self._staged: dict[Digest, bytes] = {}

    def add(self, data: bytes) -> Digest:
        """Take bytes in."""
        digest = digest_bytes(data)
        self._staged[digest] = bytes(data)
        return digest

    def add_file(self, path: str, stamp: Stamp | None) -> Digest:
        """Take a file in, links followed."""
        with opened(path, stamp) as source:
            data = read_whole(source)
            source.check()
        return self.add(data)

    def known(self, stamp: Stamp) -> Digest | None:
        """Return nothing: no states are remembered."""
        del stamp
        return None

    def commit(self) -> None:
        """Make all that was added visible."""
        self._objects.update(self._staged)
        self._staged = {}

    def discard(self) -> None:
        """Forget all that was added since the last commit."""
        self._staged = {}


class MemoryStore:
    """Keeps objects in a dictionary, `objects`, which a test may spoil."""

    def __init__(self) -> None:
        self.objects: dict[Digest, bytes] = {}

    def begin(self) -> MemoryBatch:
        """Return an empty batch."""
        return MemoryBatch(self.objects)

    def fingerprint(self, path: str, stamp: Stamp | None) -> Digest:
        """Return the digest of a file, links followed."""
        with opened(path, stamp) as source:
            digest = fingerprint(source)
            source.check()
        return digest

    def open(self, digest: Digest) -> BinaryIO:
        """Return an object as a stream."""
        return BytesIO(self.read(digest))

    def read(self, digest: Digest) -> bytes:
        """Return the bytes of an object, checked."""
        data = self.objects.get(digest)
        if data is None:
            raise MissingObject(
                f"object `{digest}` is not in the store",
                why="this store in memory does not hold it",
                hint="bring it from a store or bundle that does",
            )
        if digest_bytes(data) != digest:
            raise damaged(digest)
        return data

    def restore(self, digest: Digest, target: Path) -> None:
        """Write an object to `target`, checked."""
        data = self.read(digest)
        with target.open("xb") as file:
            file.write(data)
        target.chmod(0o644)

    def has_many(self, digests: Iterable[Digest]) -> frozenset[Digest]:
        """Return those of `digests` that are held."""
        return frozenset(digest for digest in digests if digest in self.objects)

    def verify(self, digest: Digest) -> None:
        """Check an object."""
        self.read(digest)

    def drop(self, digests: Iterable[Digest]) -> int:
        """Forget objects; return how many bytes they had."""
        return sum(len(self.objects.pop(digest, b"")) for digest in set(digests))
