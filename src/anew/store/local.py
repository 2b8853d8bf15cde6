"""LocalStore: a store in a folder, that many processes on many hosts may write at once."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from anew.model.digest import Digest
from anew.model.tree import Stamp
from anew.store import locking
from anew.store.batch import LocalBatch
from anew.store.copying import BLOCK, copy, fingerprint, opened, stamp_of, stream
from anew.store.durable import write_all
from anew.store.holdings import Holdings
from anew.store.layout import open_layout
from anew.store.locking import WAIT_SECONDS
from anew.store.mounts import Mounts
from anew.store.objectindex import ObjectIndex
from anew.store.packs import ENTRY_SIZE
from anew.store.process import host_name, machine_id
from anew.store.stamps import StampCache
from anew.store.sweeping import sweep
from anew.store.verifying import VerifiedFile, damaged

if TYPE_CHECKING:
    from anew.store.laying import Laid

FREE_SHARE = 0.10
FREE_BYTES = 20 << 30
RESTORED_MODE = 0o644


class LocalStore:
    """The store in the folder `root`; what can be found out again lies in `cache`.

    One thread at a time may use it, and the batches it gave; another thread opens its own.
    """

    def __init__(self, root: Path, cache: Path) -> None:
        self.layout = open_layout(root)
        mine = cache / f"{host_name()}-{machine_id()}"
        index = ObjectIndex(self.layout.packs, mine / f"objects-{self.layout.uuid}.sqlite")
        self._holdings = Holdings(self.layout, index)
        self._stamps = StampCache(mine / "stamps.sqlite", Mounts())
        self._alone = False
        self._swept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write down what was learnt about files, and let go of what is open."""
        self._stamps.close()
        self._holdings.index.close()
        self._holdings.forget_packs()

    def begin(self) -> LocalBatch:
        """Return an empty batch."""
        if not self._swept:
            self._swept = True
            self.sweep()
        return LocalBatch(self._holdings, self._stamps)

    def fingerprint(self, path: str, stamp: Stamp | None) -> Digest:
        """Return the digest of a file, links followed; one of known content is not read."""
        known = self._stamps.find(stamp or stamp_of(Path(path).stat()))
        if known is not None:
            return known
        begun = self._stamps.now()
        with opened(path, stamp) as source:
            digest = fingerprint(source)
            source.check()
            self._stamps.remember(source.stamp, digest, begun)
        return digest

    def known(self, stamps: Iterable[Stamp]) -> dict[Stamp, Digest]:
        """Return the digests of files in those states, as far as known; nothing is read.

        Call it before `add_file` or `fingerprint` of many files: they then know the answers.
        """
        return self._stamps.known(stamps)

    def warm(self, stamps: Iterable[Stamp]) -> None:
        """Look up those states in one go, for the batches to come."""
        self._stamps.warm(stamps)

    @property
    def hashed(self) -> int:
        """How many bytes of files had to be read so far, to know what they hold."""
        return self._stamps.hashed

    def can_remember(self, stamp: Stamp) -> bool:
        """Say whether it is any use to read a file before it is asked for."""
        return self._stamps.trusts(stamp)

    def get_ready(self) -> None:
        """Open what batches ask, and take in what came meanwhile, as far as it goes."""
        with contextlib.suppress(OSError, sqlite3.Error):  # who needs it is told
            self._holdings.index.sync()
            self._stamps.get_ready()

    def look_again(self) -> None:
        """Take in what other processes have learnt about files meanwhile."""
        self._stamps.forget_unknown()

    def open(self, digest: Digest) -> BinaryIO:
        """Return an object as a stream; read in order to the end, it checks itself."""
        place = self._holdings.place(digest)
        if isinstance(place, Path):
            return BufferedReader(VerifiedFile(place, digest), BLOCK)
        return BytesIO(self._holdings.unpack(place))

    def read(self, digest: Digest) -> bytes:
        """Return the bytes of an object, checked."""
        return self._holdings.read(digest)

    def restore(self, digest: Digest, target: Path) -> None:
        """Write an object to `target`, checked, sharing blocks and keeping holes if possible.

        Raises:
            FileExistsError: something lies at `target`.
        """
        place = self._holdings.place(digest)
        data = b"" if isinstance(place, Path) else self._holdings.unpack(place)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        sink = os.open(target, flags, RESTORED_MODE)
        try:
            os.fchmod(sink, RESTORED_MODE)
            if isinstance(place, Path):
                with opened(str(place), None) as source:
                    if copy(source, sink) != digest:
                        raise damaged(digest)
            else:
                write_all(sink, data)
        except BaseException:
            target.unlink()
            raise
        finally:
            os.close(sink)

    def lay_out(self, files: Iterable[Laid]) -> None:
        """Write many objects to files that must not exist, checked.

        Raises:
            MissingObject, DamagedObject, OSError: one cannot be; others are written by then.
        """
        from anew.store.laying import lay_out  # noqa: PLC0415 - nothing is laid out for a recording

        self._holdings.index.sync()
        lay_out(self._holdings, files)

    def has_many(self, digests: Iterable[Digest]) -> frozenset[Digest]:
        """Return those of `digests` that are held."""
        self._holdings.index.sync()
        return self._holdings.has_many(digests)

    def verify(self, digest: Digest) -> None:
        """Read an object and check it."""
        place = self._holdings.place(digest)
        if isinstance(place, Path):
            with opened(str(place), None) as source:
                if stream(source, None) != digest:
                    raise damaged(digest)
        else:
            self._holdings.unpack(place)

    def drop(self, digests: Iterable[Digest]) -> int:
        """Forget objects and free their bytes; return how many bytes became free."""
        from anew.store.dropping import drop  # noqa: PLC0415 - `anew rm` alone needs it

        with self.alone():
            return drop(self._holdings, digests)

    @contextmanager
    def alone(self, wait: float = WAIT_SECONDS) -> Iterator[None]:
        """Keep all others from adding and dropping, to find out what may be dropped and drop it.

        Raises:
            StoreUnusable: somebody was adding for all of `wait` seconds.
        """
        if self._alone:
            yield
            return
        with locking.alone(self.layout.lock, wait):
            self._alone = True
            try:
                yield
            finally:
                self._alone = False

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep all others from dropping, until what was committed is named in the ledger."""
        lock = locking.share(self.layout.lock)
        try:
            yield
        finally:
            os.close(lock)

    def digests(self) -> frozenset[Digest]:
        """Return all objects that are held."""
        self._holdings.index.sync()
        return frozenset(self._holdings.index.digests().union(self._holdings.large()))

    def damaged_packs(self) -> tuple[str, ...]:
        """Return the names of packs whose index cannot be read."""
        self._holdings.index.rebuild()
        return tuple(sorted(self._holdings.index.damaged))

    def size_on_disk(self, digests: Iterable[Digest]) -> int:
        """Return how many bytes those objects take that are held, each counted once."""
        asked = set(digests)
        self._holdings.index.sync()
        places = self._holdings.index.find_many(asked)
        size = sum(place.frame.length + ENTRY_SIZE for place in places.values())
        for digest in asked - places.keys():
            try:
                size += self.layout.object(digest).stat().st_blocks * 512
            except FileNotFoundError:
                continue
        return size

    def free_space_allows(self, size: int) -> bool:
        """Say whether `size` more bytes leave a tenth, or 20 GiB, of the file system free."""
        space = os.statvfs(self.layout.root)
        free = space.f_bavail * space.f_frsize - size
        return free >= min(FREE_SHARE * space.f_blocks * space.f_frsize, FREE_BYTES)

    def sweep(self) -> int:
        """Remove what dead writers left behind; return how many they were."""
        return sweep(self.layout.temporary)
