"""FileLedger: a ledger in a folder, to which each host appends a segment of its own."""

import fcntl
import heapq
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from anew.ledger.segment import (
    START,
    SUFFIX,
    Line,
    Position,
    Tail,
    broken,
    check_segment,
    line_digest,
    read_lines,
    read_tail,
    segments,
)
from anew.model import canonical
from anew.model.canonical import digest_of
from anew.model.digest import Digest, digest_bytes
from anew.model.entry import Entry
from anew.model.errors import BrokenLedger
from anew.store.durable import PRIVATE_FILE, PRIVATE_FOLDER, sync_folder, write_all
from anew.store.process import SEPARATOR, host_name, machine_id

FOLDER = "ledger"
REPAIRED = "repaired"
_SHOWN = 4096  # bytes of an unfinished line that the entry about it quotes

_threads = threading.Lock()  # a file lock does not keep two threads of one process apart


def writer_name() -> str:
    """Return the name under which this host writes: host and machine, fit for a file name."""
    return f"{host_name()}{SEPARATOR}{machine_id()}"


class FileLedger:
    """The ledger in `root`/ledger. Entries carry the time that `now` gives, in UTC."""

    def __init__(self, root: Path, writer: str, now: Callable[[], str]) -> None:
        self._folder = root / FOLDER
        self._path = self._folder / f"{writer}{SUFFIX}"
        self._writer, self._now = writer, now
        self._end: tuple[int, Digest | None] = (0, None)  # size and head after our last append

    def append(
        self, kind: str, subject: str, *, body: Digest | None = None, text: str = ""
    ) -> Entry:
        """Add a fact about `subject`, durably; it is in the ledger once this returns.

        An unfinished line that a power cut or a killed process left is cut off first, and an
        entry of kind `REPAIRED` says so.

        Raises:
            OSError: it cannot be written; the ledger is as it was.
            BrokenLedger: our segment ends in more than one line that is no entry.
        """
        with self._opened() as file:
            tail = self._tail(file)
            if tail.torn:
                tail = self._repair(file, tail)
            return self._append(file, tail, kind, subject, body, text)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """Open our segment while nobody else appends to it."""
        with _threads:
            if not self._folder.is_dir():
                self._folder.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
                sync_folder(self._folder.parent)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            # Closing any descriptor of a file gives up a process's lock on it: the lock lies on a
            # file that no reader opens.
            lock = os.open(self._path.with_suffix(".lock"), flags, PRIVATE_FILE)
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX)
                file = os.open(self._path, flags | os.O_APPEND, PRIVATE_FILE)
                try:
                    yield file
                finally:
                    os.close(file)
            finally:
                os.close(lock)

    def _tail(self, file: int) -> Tail:
        size = os.fstat(file).st_size
        if size and self._end[0] == size:
            return Tail(size, self._end[1], b"")
        return read_tail(file)

    def _repair(self, file: int, tail: Tail) -> Tail:
        # Each append is durable before the next begins: a tear is one line, more is damage.
        if tail.torn.count(b"\n") > 1:
            raise broken(self._path, 0, f"no entry can be read after byte {tail.size}")
        os.ftruncate(file, tail.size)
        shown = tail.torn[:_SHOWN].decode("utf-8", "backslashreplace")
        text = (
            f"cut {len(tail.torn)} bytes of an unfinished line off at byte {tail.size}:"
            f" {digest_bytes(tail.torn)} {shown}"
        )
        self._append(file, Tail(tail.size, tail.head, b""), REPAIRED, self._path.name, None, text)
        return Tail(*self._end, b"")

    def _append(
        self, file: int, tail: Tail, kind: str, subject: str, body: Digest | None, text: str
    ) -> Entry:
        entry = Entry(kind, subject, body, text, self._now(), self._writer, tail.head)
        line = canonical.encode(entry) + b"\n"
        try:
            write_all(file, line)
            os.fsync(file)
        except OSError:
            os.ftruncate(file, tail.size)
            raise
        if not tail.size:
            sync_folder(self._folder)
        self._end = (tail.size + len(line), line_digest(line))
        return entry

    def entries(self) -> Iterator[Entry]:
        """Yield all entries of all segments, by time of writing, each segment in its order."""
        return (line.entry for line in self.lines())

    def lines(self, since: Mapping[str, Position] | None = None) -> Iterator[Line]:
        """Yield the entries after `since`, a position for each segment read before.

        `Line.end` is where to go on. What others append while we read may be left for later.

        Raises:
            BrokenLedger: a line is no entry, or a segment is not what it was.
        """
        positions = since or {}
        paths = segments(self._folder)
        for name in positions.keys() - {path.name for path in paths}:
            raise _vanished(name)
        streams = [_timed(path, positions.get(path.name, START)) for path in paths]
        return (line for _, _, line in heapq.merge(*streams, key=lambda each: each[:2]))

    def positions(self) -> dict[str, int]:
        """Return how many bytes each segment has now."""
        return {path.name: path.stat().st_size for path in segments(self._folder)}

    def head(self) -> Digest:
        """Return the digest that names the whole history as it stands."""
        heads = []
        for path in segments(self._folder):
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                heads.append((path.name.removesuffix(SUFFIX), read_tail(file).head))
            finally:
                os.close(file)
        return digest_of(heads)

    def check(self) -> int:
        """Follow all chains from their beginnings; return how many bytes of entries there are.

        Raises:
            BrokenLedger: names the segment and the line that does not follow.
        """
        return sum(check_segment(path).offset for path in segments(self._folder))


def _timed(path: Path, since: Position) -> Iterator[tuple[str, str, Line]]:
    """Yield a segment's lines with a time that never goes back, as a clock may."""
    latest = ""
    for line in read_lines(path, since):
        latest = max(latest, line.entry.written_at)
        yield latest, path.name, line


def _vanished(name: str) -> BrokenLedger:
    return BrokenLedger(
        f"segment `{name}` of the ledger is gone",
        why="it was read before",
        hint="bring it back from a copy of the store",
    )
