"""LocalBatch: objects on their way into a local store, in a folder of their own until then."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from anew.model.digest import Digest, digest_bytes
from anew.model.tree import Stamp
from anew.store.copying import Source, copy, opened, read_whole, stamp_of
from anew.store.durable import (
    PRIVATE_FOLDER,
    changed_lately,
    make_folders,
    open_new,
    sync_folder,
    write_all,
)
from anew.store.holdings import LARGE, Holdings
from anew.store.locking import share
from anew.store.packs import PackWriter
from anew.store.process import SEPARATOR, this_process
from anew.store.stamps import StampCache

PACK_SIZE = 64 << 20
BUFFER_SIZE = 8 << 20
OPEN_FILES = 32
PRIME = 500  # files looked up, from which on one look for all of them is faster


class _Large(Struct):
    """A large object in the batch's folder; `file` is open until it is durable."""

    path: Path
    file: int


class LocalBatch:
    """Keeps new objects in `tmp/<process>/` until `commit` moves them in. For one thread.

    From the first object on, until `commit` or `discard`, nothing can be dropped from the store,
    so that what the batch found there stays there.
    """

    def __init__(self, holdings: Holdings, stamps: StampCache) -> None:
        self._holdings, self._stamps = holdings, stamps
        self._layout = holdings.layout
        self._lock = -1
        self._folder: Path | None = None
        self._count = 0
        self._small: dict[Digest, bytes] = {}
        self._new: set[Digest] = set()  # of the small ones: they are held nowhere yet
        self._buffered = 0
        self._looked = False  # whether the index is up to date
        self._staged: set[Digest] = set()
        self._large: dict[Digest, _Large] = {}
        self._open: list[_Large] = []
        self._packs: list[PackWriter] = []
        self._relied_on: set[Path] = set()
        self._relies_on_packs = False
        self._broken: OSError | None = None
        self._packed: set[Digest] = set()
        self._primed = 0
        self.written = 0  # bytes on disk of what the last commit added

    def add(self, data: bytes) -> Digest:
        """Take bytes in that are in memory."""
        digest = digest_bytes(data)
        if digest in self._staged:
            return digest
        self._begin()
        if len(data) < LARGE:
            self._stage_small(digest, data)
        elif not self._held(digest):
            with self._new_file() as large:
                write_all(large.file, data)
            self._stage(digest, large)
        return digest

    def add_new(self, data: bytes) -> Digest:
        """Take bytes in that can be nowhere yet, such as a new run's own: nobody is asked."""
        digest = digest_bytes(data)
        if len(data) >= LARGE or digest in self._staged:
            return self.add(data)
        self._begin(look=False)
        self._new.add(digest)
        self._stage_small(digest, data)
        return digest

    def add_file(self, path: str, stamp: Stamp | None) -> Digest:
        """Take a file in, links followed; one of known content that is held is not read."""
        self._begin()
        known = self._stamps.find(stamp or stamp_of(Path(path).stat()))
        if known is not None and self._has(known):
            return known
        begun = self._stamps.now()
        with opened(path, stamp) as source:
            if source.stamp.size < LARGE:
                data = read_whole(source)
                source.check()
                digest = self.add(data)
            else:
                digest = self._add_large(source)
            self._stamps.remember(source.stamp, digest, begun)
        return digest

    def known(self, stamp: Stamp) -> Digest | None:
        """Return the digest of a file in that state if it is known, and is or will be held."""
        self._begin()
        digest = self._stamps.find(stamp)
        return digest if digest is not None and self._has(digest) else None

    def _has(self, digest: Digest) -> bool:
        if digest in self._packed:
            self._relies_on_packs = True
            return True
        return digest in self._staged or self._held(digest)

    def _add_large(self, source: Source) -> Digest:
        with self._new_file() as large:
            digest = copy(source, large.file)
            source.check()
        if self._has(digest):
            os.close(large.file)
            large.path.unlink()
        else:
            self._stage(digest, large)
        return digest

    def commit(self) -> None:
        """Make all that was added durable, then visible, then durably visible."""
        if self._lock < 0:
            return
        try:
            if self._broken is not None:
                raise self._broken
            self._flush()
            moves = {writer.path: writer.finish() for writer in self._packs}
            while self._open:
                self._settle(self._open.pop())
            self._publish(moves)
        except BaseException:
            self.discard()
            raise
        self.written = sum(writer.total for writer in self._packs)
        self.written += sum(self._layout.object(name).stat().st_size for name in self._large)
        for writer in self._packs if self._looked else ():  # it is taken in at the next look
            self._holdings.index.add(moves[writer.path], writer.frames)
        self._stamps.flush()
        self.discard()

    def _publish(self, packs: dict[Path, str]) -> None:
        targets = {large.path: self._layout.object(name) for name, large in self._large.items()}
        folders = {target.parent for target in targets.values()}
        changed = make_folders(folders) | folders
        for path, target in targets.items():
            path.rename(target)
        for path, name in packs.items():
            path.rename(self._layout.packs / name)
            changed.add(self._layout.packs)
        if self._relies_on_packs:
            self._relied_on.add(self._layout.packs)
        relied_on = {folder for folder in self._relied_on - changed if changed_lately(folder)}
        for folder in sorted(changed | relied_on):
            sync_folder(folder)

    def discard(self) -> None:
        """Forget all that is not committed, and let others drop objects again."""
        for writer in self._packs:
            writer.abandon()
        for large in self._open:
            os.close(large.file)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
        self._lock, self._folder, self._buffered = -1, None, 0
        self._small, self._large, self._staged, self._new = {}, {}, set(), set()
        self._open, self._packs, self._relied_on = [], [], set()
        self._relies_on_packs = self._looked = False
        self._broken, self._packed, self._primed = None, set(), 0

    def __del__(self) -> None:
        if self._lock >= 0:  # the folder is left to `sweep`: a forked child may come here too
            os.close(self._lock)

    def _begin(self, *, look: bool = True) -> None:
        if self._lock < 0:
            self._lock = share(self._layout.lock)
        if look and not self._looked:
            self._holdings.index.sync()
            self._looked = True

    def _held(self, digest: Digest) -> bool:
        """Say whether the store holds an object, which this batch then relies upon."""
        count = self._stamps.count
        if count - self._primed >= max(PRIME, self._primed):  # one look for all asked next
            self._primed = count
            self._packed = self._holdings.index.held(self._stamps.answers())
        if digest in self._packed or self._holdings.index.find(digest) is not None:
            self._relies_on_packs = True
            return True
        large = self._layout.object(digest)
        if large.exists():
            self._relied_on.add(large.parent)
            return True
        return False

    def _flush(self) -> None:
        """Write the buffered small objects that are new into a pack."""
        if not self._small:
            return
        asked = self._small.keys() - self._new
        held = self._holdings.has_many(asked) if asked else frozenset()
        if held:
            self._relies_on_packs = True
        new = [(digest, data) for digest, data in self._small.items() if digest not in held]
        if new:
            if not self._packs or self._packs[-1].size >= PACK_SIZE:
                self._packs.append(PackWriter(self._path()))
            self._packs[-1].add(new)
        self._small, self._new, self._buffered = {}, set(), 0

    def _path(self) -> Path:
        if self._folder is None:
            name = f"{this_process().name}{SEPARATOR}{os.urandom(8).hex()}"
            folder = self._layout.temporary / name
            folder.mkdir(PRIVATE_FOLDER)
            self._folder = folder
        self._count += 1
        return self._folder / str(self._count)

    @contextmanager
    def _new_file(self) -> Iterator[_Large]:
        path = self._path()
        large = _Large(path, open_new(path))
        try:
            yield large
        except BaseException:
            os.close(large.file)
            path.unlink(missing_ok=True)
            raise

    def _stage_small(self, digest: Digest, data: bytes) -> None:
        self._small[digest] = bytes(data)
        self._staged.add(digest)
        self._buffered += len(data)
        if self._buffered >= BUFFER_SIZE:
            self._flush()

    def _stage(self, digest: Digest, large: _Large) -> None:
        self._large[digest] = large
        self._staged.add(digest)
        self._open.append(large)
        if len(self._open) > OPEN_FILES:
            self._settle(self._open.pop(0))

    def _settle(self, large: _Large) -> None:
        """Make the bytes of a large object durable, and its file one that is not written to."""
        try:
            os.fchmod(large.file, 0o444)
            os.fsync(large.file)
        except OSError as error:
            self._broken = error
            raise
        finally:
            os.close(large.file)
