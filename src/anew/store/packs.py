"""Packs: many small objects in one file, frames first, index and trailer last.

A pack is a header, frames back to back, an index sorted by digest, and a trailer that says
where the index begins and what its digest is. It is named by that digest and never changes.
"""

import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from anew.model.digest import PREFIX, Digest, digest_bytes
from anew.model.errors import DamagedObject
from anew.store.durable import open_new, read_at, write_all

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

HEADER = b"anewpak1"
RAW, ZSTD = 0, 1
SUFFIX = ".pack"
LEVEL = 3
WORTH_COMPRESSING = 64  # bytes; below it no frame gets smaller
_ENTRY = struct.Struct("<32sQIIB")
ENTRY_SIZE = _ENTRY.size  # bytes of a pack's index that an object takes
_TRAILER = struct.Struct("<QI32s8s")
_END = b"anewend1"


class Frame(NamedTuple):
    """Where an object lies in a pack: `length` bytes on disk stand for `raw` bytes."""

    digest: Digest
    offset: int
    length: int
    raw: int
    codec: int


_compressor = zstd.ZstdCompressor(LEVEL)  # making one costs more than a small object takes


def squeeze(data: bytes) -> tuple[int, bytes]:
    """Return a codec and the bytes under it, whichever is smaller."""
    if len(data) >= WORTH_COMPRESSING:
        small = _compressor.compress(data, _compressor.FLUSH_FRAME)
        if len(small) < len(data):
            return ZSTD, small
    return RAW, data


class PackWriter:
    """A pack in the making, at `path`, which nobody else knows yet.

    `size` is that of header and frames; `total`, once finished, that of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.frames: list[Frame] = []
        self._file = open_new(path)
        self.size = 0
        self.total = 0
        try:
            write_all(self._file, HEADER)
        except OSError:
            self.abandon()
            raise
        self.size = len(HEADER)

    def add(self, objects: Iterable[tuple[Digest, bytes]]) -> None:
        """Append objects, each compressed if that helps; all of them, or none on an error."""
        self._append((digest, len(data), *squeeze(data)) for digest, data in objects)

    def add_frame(self, frame: Frame, stored: bytes) -> None:
        """Append an object as another pack holds it."""
        self._append([(frame.digest, frame.raw, frame.codec, stored)])

    def _append(self, objects: Iterable[tuple[Digest, int, int, bytes]]) -> None:
        pieces, frames, end = [], [], self.size
        for digest, raw, codec, stored in objects:
            frames.append(Frame(digest, end, len(stored), raw, codec))
            pieces.append(stored)
            end += len(stored)
        try:
            write_all(self._file, b"".join(pieces))
        except OSError:
            os.ftruncate(self._file, self.size)
            os.lseek(self._file, self.size, os.SEEK_SET)
            raise
        self.size = end
        self.frames += frames

    def finish(self) -> str:
        """Write index and trailer, make the file durable, and return the name it must get."""
        self.frames.sort()
        index = b"".join(
            _ENTRY.pack(to_raw(frame.digest), frame.offset, frame.length, frame.raw, frame.codec)
            for frame in self.frames
        )
        digest = digest_bytes(index)
        trailer = _TRAILER.pack(self.size, len(self.frames), to_raw(digest), _END)
        write_all(self._file, index + trailer)
        self.total = self.size + len(index) + len(trailer)
        os.fsync(self._file)
        os.close(self._file)
        self._file = -1
        return digest[len(PREFIX) :][:32] + SUFFIX

    def abandon(self) -> None:
        """Close and remove the file, if it was not finished."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            self.path.unlink(missing_ok=True)


def read_index(path: Path) -> list[Frame]:
    """Return the frames of a pack, sorted by digest.

    Raises:
        DamagedObject: the file is no whole pack.
        OSError: it cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        descriptor = file.fileno()
        size = os.fstat(descriptor).st_size
        tail = read_at(descriptor, max(size - _TRAILER.size, 0), _TRAILER.size)
        if len(tail) < _TRAILER.size or size < len(HEADER) + _TRAILER.size:
            raise _damaged(path, "it is cut short")
        start, count, expected, end = _TRAILER.unpack(tail)
        if end != _END or start + count * _ENTRY.size + _TRAILER.size != size:
            raise _damaged(path, "its trailer is none")
        index = read_at(descriptor, start, count * _ENTRY.size)
    if to_raw(digest_bytes(index)) != expected:
        raise _damaged(path, "its index does not have the digest its trailer names")
    return [
        Frame(from_raw(raw_digest), offset, length, raw, codec)
        for raw_digest, offset, length, raw, codec in _ENTRY.iter_unpack(index)
    ]


def unpack(frame: Frame, stored: bytes) -> bytes | None:
    """Return the bytes of an object, or None where `stored` does not hold them."""
    if frame.codec == ZSTD:
        try:  # the module's function takes half as long again
            data = zstd.ZstdDecompressor().decompress(stored)
        except zstd.ZstdError:
            return None
    else:
        data = stored
    return data if digest_bytes(data) == frame.digest else None


def to_raw(digest: Digest) -> bytes:
    """Return the 32 bytes of a digest.

    Raises:
        ValueError: it is none.
    """
    return bytes.fromhex(digest[len(PREFIX) :])


def from_raw(raw: bytes) -> Digest:
    """Return the digest of 32 bytes."""
    return Digest(PREFIX + raw.hex())


def _damaged(path: Path, why: str) -> DamagedObject:
    return DamagedObject(
        f"pack `{path.name}` is damaged",
        why=why,
        hint="bring the file back from a copy of the store, or see what is lost: `anew verify`",
    )
