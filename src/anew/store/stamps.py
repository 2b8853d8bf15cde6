"""StampCache: digests of files by their stamp, so that nothing unchanged is read again."""

import sqlite3
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from anew.model.digest import Digest
from anew.model.tree import Stamp
from anew.store.cachefile import CacheFile
from anew.store.mounts import Mounts
from anew.store.packs import from_raw, to_raw

SETTLED = 2_000_000_000  # ns; a file that changed later may change again under the same stamp
BUFFERED = 20_000
CHUNK = 400
CLOSE = 8  # a step between inodes that are read in one stretch
ROW = 32  # inodes of a stretch
LIMIT = 1 << 29  # bytes on disk, about 6 million files; beyond it the cache starts afresh
VERSION = 1
SCHEMA = """
CREATE TABLE stamps (device INTEGER, inode INTEGER, size INTEGER, modified INTEGER,
  changed INTEGER, digest BLOB, PRIMARY KEY (device, inode)) WITHOUT ROWID
"""


class StampCache:
    """Remembers what a file in a state holds. Losing it costs time only.

    A file is remembered if it had lain unchanged for `SETTLED` when its reading began, and lies
    where stamps can be trusted. Bytes written through a memory map that was already dirty move no
    time stamp; no cache of this kind sees those.
    """

    def __init__(self, path: Path, mounts: Mounts, now: Callable[[], int] = time.time_ns) -> None:
        self.now = now
        self._cache = CacheFile(path, SCHEMA, VERSION)
        self._mounts = mounts
        self._fresh: dict[Stamp, Digest] = {}
        self._known: dict[Stamp, Digest | None] = {}
        self.hashed = 0  # bytes of files that had to be read

    def find(self, stamp: Stamp) -> Digest | None:
        """Return the digest of a file in that state, if it is known."""
        try:
            return self._known[stamp]
        except KeyError:
            self.warm((stamp,))
            return self._known[stamp]

    def known(self, stamps: Iterable[Stamp]) -> dict[Stamp, Digest]:
        """Return the digests of those states that are known, in one look."""
        memory = self._known
        wanted = dict.fromkeys(stamps)
        self.warm(wanted)
        return {stamp: digest for stamp in wanted if (digest := memory[stamp]) is not None}

    def warm(self, stamps: Iterable[Stamp]) -> None:
        """Look up those states in one go; each can be asked for without a look then."""
        memory = self._known
        unknown = set(stamps).difference(memory)  # a set knows the hashes of its members
        asked: dict[int, dict[int, Stamp]] = {}
        twice: list[Stamp] = []
        for stamp in unknown:
            device, inode = stamp[:2]
            of_device = asked.get(device)
            if of_device is None:
                of_device = asked[device] = {}
            if inode in of_device:  # two states of one file
                twice.append(stamp)
            else:
                of_device[inode] = stamp
        memory.update(dict.fromkeys(unknown))
        for part in (asked, *({stamp[0]: {stamp[1]: stamp}} for stamp in twice)):
            if part:
                memory.update(self._cache.run(lambda connection: _select(connection, part)))  # noqa: B023

    def get_ready(self) -> None:
        """Open the file, so that the first look has it open."""
        self._cache.run(lambda connection: connection.execute("SELECT 1 FROM stamps LIMIT 1"))

    def trusts(self, stamp: Stamp) -> bool:
        """Say whether a file in that state can be remembered: not where stamps prove nothing."""
        return self._mounts.keep_time(stamp.device)

    def forget_unknown(self) -> None:
        """Ask again for what was not known: another process may have read it meanwhile."""
        self._known = {stamp: known for stamp, known in self._known.items() if known is not None}

    def answers(self) -> set[Digest]:
        """Return all digests that were asked for and known so far."""
        return {digest for digest in self._known.values() if digest is not None}

    @property
    def count(self) -> int:
        """How many states were asked for so far."""
        return len(self._known)

    def remember(self, stamp: Stamp, digest: Digest, begun: int) -> None:
        """Note what a file held in a state; `begun` is when its reading began, by `now`."""
        self.hashed += stamp.size
        settled = begun - max(stamp.modified, stamp.changed) > SETTLED
        if settled and self.trusts(stamp):
            self._fresh[stamp] = self._known[stamp] = digest
            if len(self._fresh) >= BUFFERED:
                self.flush()

    def flush(self) -> None:
        """Write down what was noted."""
        if not self._fresh:
            return
        rows = [
            (
                stamp.device,
                _signed(stamp.inode),
                stamp.size,
                stamp.modified,
                stamp.changed,
                to_raw(digest),
            )
            for stamp, digest in self._fresh.items()
        ]
        self._fresh = {}

        def insert(connection: sqlite3.Connection) -> None:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            if pages * 4096 > LIMIT:
                connection.execute("DELETE FROM stamps")
            connection.executemany("INSERT OR REPLACE INTO stamps VALUES (?,?,?,?,?,?)", rows)

        self._cache.write(insert)

    def close(self) -> None:
        """Write down what was noted, and close the file."""
        self.flush()
        self._cache.close()


def _signed(inode: int) -> int:
    return inode - (1 << 64) if inode >> 63 else inode


def _select(
    connection: sqlite3.Connection, by_device: dict[int, dict[int, Stamp]]
) -> dict[Stamp, Digest]:
    """Look up states by their inodes, those that lie close together in one stretch.

    Files that were made together have inodes in a row: a stretch is read in half the time.
    """
    found = {}
    columns = "inode, size, modified, changed, digest"
    question = f"SELECT {columns} FROM stamps WHERE device = ? AND inode "
    for device, stamps in by_device.items():
        close, apart = _stretches(sorted(map(_signed, stamps)))
        questions = [(question + "BETWEEN ? AND ?", [device, *ends]) for ends in close]
        for start in range(0, len(apart), CHUNK):
            chunk = apart[start : start + CHUNK]
            marks = ",".join("?" * len(chunk))
            questions.append((question + f"IN ({marks})", [device, *chunk]))
        for each, values in questions:
            for inode, size, modified, changed, digest in connection.execute(each, values):
                stamp = stamps.get(inode & 0xFFFFFFFFFFFFFFFF)
                if stamp and stamp[2] == size and stamp[4] == modified and stamp[5] == changed:
                    found[stamp] = from_raw(digest)
    return found


def _stretches(inodes: list[int]) -> tuple[list[tuple[int, int]], list[int]]:
    """Return first and last of each long row of close inodes, and the inodes outside of any."""
    close: list[tuple[int, int]] = []
    apart: list[int] = []
    start = 0
    for end in range(1, len(inodes) + 1):
        if end < len(inodes) and inodes[end] - inodes[end - 1] <= CLOSE:
            continue
        if end - start >= ROW:
            close.append((inodes[start], inodes[end - 1]))
        else:
            apart += inodes[start:end]
        start = end
    return close, apart
