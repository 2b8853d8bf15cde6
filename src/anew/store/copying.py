"""Copying: read a file once, in a known state, hashing and copying as it is read."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from anew.model.digest import Digest, Hasher, digest_bytes
from anew.model.errors import ChangedWhileRead
from anew.model.tree import Stamp
from anew.store.durable import read_at

BLOCK = 1 << 20
_ZEROS = bytes(BLOCK)
_new = tuple.__new__  # a third of the time that Stamp's own takes: it is called for every file
_FICLONE = 0x40049409  # linux/fs.h: share the blocks of another file


class Source(Struct, frozen=True):
    """An open regular file and the state it was in when opened."""

    path: str
    file: int
    stamp: Stamp
    sparse: bool

    def check(self) -> None:
        """Make sure the file is still in the state it was opened in.

        Raises:
            ChangedWhileRead: it is not.
        """
        now = stamp_of(os.fstat(self.file))
        if now != self.stamp:
            raise changed(self.path, self.stamp, now)


def stamp_of(status: os.stat_result) -> Stamp:
    """Return the stamp that `os.stat` or `os.fstat` gave."""
    return _new(
        Stamp,
        (status.st_dev, status.st_ino, status.st_size,
         status.st_mode, status.st_mtime_ns, status.st_ctime_ns),
    )  # fmt: skip


def stamp_at(path: str, *, follow: bool = True) -> Stamp | None:
    """Return the state of the file at `path` now; None where there is none."""
    try:
        return stamp_of(os.stat(path, follow_symlinks=follow))  # noqa: PTH116 - for every file
    except (OSError, ValueError):
        return None


@contextmanager
def opened(path: str, stamp: Stamp | None) -> Iterator[Source]:
    """Open a regular file, links followed, that must be in the state `stamp` if one is given.

    Raises:
        ChangedWhileRead: it is in another.
        OSError: it cannot be read, or is no regular file.
    """
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        now = stamp_of(status)
        if stamp is not None and now != stamp:
            raise changed(path, stamp, now)
        yield Source(path, file, now, status.st_blocks * 512 < status.st_size)
    finally:
        os.close(file)


def changed(path: str, before: Stamp, after: Stamp) -> ChangedWhileRead:
    """Return the error for a file that is in another state than it should be."""
    differing = [
        f"{name} {old} → {new}"
        for name, old, new in zip(Stamp._fields, before, after, strict=True)
        if old != new
    ]
    return ChangedWhileRead(
        f"`{path}` changed while it was read",
        why=f"{', '.join(differing) or 'it was written to'} ({before} → {after})",
        hint="let what writes it finish, or keep it out of the run's way",
    )


def read_whole(source: Source) -> bytes:
    """Return all bytes of a small file."""
    data = read_at(source.file, 0, source.stamp.size + 1)
    if len(data) > source.stamp.size:  # it grew, or is a file of /proc, of no size
        pieces = [data]
        got = len(data)
        while more := os.pread(source.file, BLOCK, got):
            pieces.append(more)
            got += len(more)
        data = b"".join(pieces)
    return data


def fingerprint(source: Source) -> Digest:
    """Return the digest of a file read once; one of no size, as in /proc, is read to its end."""
    return stream(source, None) if source.stamp.size else digest_bytes(read_whole(source))


def stream(source: Source, sink: int | None) -> Digest:
    """Return the digest of a file read once, its bytes written to `sink` if there is one.

    Holes are not read and stay holes. `sink` is an empty file.
    """
    hasher = Hasher()
    view = memoryview(bytearray(BLOCK))
    position, size = 0, source.stamp.size
    for start, end in _data(source) if source.sparse else [(0, size)]:
        _hash_zeros(hasher, start - position)
        position = start
        while position < end:
            got = os.preadv(source.file, [view[: min(BLOCK, end - position)]], position)
            if not got:  # shorter than stat says, as files of /sys are, or cut while we read
                size = position
                break
            block = view[:got]
            hasher.update(block)
            if sink is not None:
                _write_at(sink, block, position)
            position += got
    _hash_zeros(hasher, size - position)
    if os.pread(source.file, 1, size):
        raise changed(source.path, source.stamp, stamp_of(os.fstat(source.file)))
    if sink is not None:
        os.ftruncate(sink, hasher.size)
    return hasher.digest()


def _data(source: Source) -> Iterator[tuple[int, int]]:
    """Yield where the data of a sparse file lie; all of it where the system cannot tell."""
    position, size = 0, source.stamp.size
    while position < size:
        try:
            start = os.lseek(source.file, position, os.SEEK_DATA)
            end = os.lseek(source.file, start, os.SEEK_HOLE)
        except OSError as error:
            if error.errno != errno.ENXIO:
                yield position, size
            return
        yield start, min(end, size)
        position = end


def _hash_zeros(hasher: Hasher, count: int) -> None:
    while count > 0:
        hasher.update(_ZEROS if count >= BLOCK else _ZEROS[:count])
        count -= BLOCK


def _write_at(sink: int, view: memoryview, position: int) -> None:
    while view:
        written = os.pwrite(sink, view, position)
        view, position = view[written:], position + written


def clone(source: int, sink: int) -> bool:
    """Let `sink` share the blocks of `source`; say whether the file system could."""
    try:
        fcntl.ioctl(sink, _FICLONE, source)
    except OSError:
        return False
    return True


def copy(source: Source, sink: int) -> Digest:
    """Fill the empty file `sink` with the bytes of `source`; return the digest of what is there.

    Where blocks can be shared, it is the shared ones that are read.
    """
    if clone(source.file, sink):
        size = os.fstat(sink).st_size
        held = Source(source.path, sink, source.stamp._replace(size=size), source.sparse)
        return stream(held, None)
    return stream(source, sink)
