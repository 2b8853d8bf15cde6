"""Laying out: write many objects to many files at once, each checked as it is written."""

import os
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from anew.model.digest import Digest, digest_bytes
from anew.store.copying import copy, opened, stream
from anew.store.durable import write_all
from anew.store.holdings import Holdings
from anew.store.objectindex import Place
from anew.store.sharing import shared_out
from anew.store.verifying import damaged

WORKERS = 4
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class Way(StrEnum):
    """How the bytes of a large object came to a file."""

    LINK = "link"  # the very file of the store: it must not be written to
    COPY = "copy"  # blocks shared where the file system can


class Laid(Struct, frozen=True):
    """A file to be written: where, and what it is to be like. `modified` in ns.

    With `fill` the object is not the file itself: `fill` makes it of it, with the digest `filled`.
    """

    digest: Digest
    target: str
    mode: int
    modified: int
    linkable: bool = False  # may be the store's own file, whatever mode and time that has
    fill: Callable[[bytes], bytes | None] | None = None
    filled: Digest | None = None


def lay_out(holdings: Holdings, files: Iterable[Laid]) -> dict[Way, int]:
    """Write `files`, none of which may exist, in folders that do; return how many came which way.

    Raises:
        MissingObject: an object is not held; some files are written then.
        DamagedObject: other bytes lie under its name.
        OSError: a file cannot be written.
    """
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - recording lays nothing out

    wanted = list(files)
    packed = holdings.index.find_many({each.digest for each in wanted})
    small = [each for each in wanted if each.digest in packed]
    small.sort(key=lambda each: _position(packed[each.digest]))
    large = [each for each in wanted if each.digest not in packed]
    places = [_path(holdings, each.digest) for each in large]
    umask = os.umask(0o077)
    os.umask(umask)

    def elsewhere(share: Sequence[Laid]) -> None:
        """Write a share in another process, which must leave the index alone."""
        written = 0
        try:
            for written, each in enumerate(share):  # noqa: B007
                data = holdings.unpacked(packed[each.digest])
                if data is None:
                    raise damaged(each.digest)
                _write(each, data, umask)
        except BaseException:
            for each in share[:written]:
                Path(each.target).unlink()
            raise

    # A process with threads does not fork: shares first. Hashing and copying leave Python alone.
    with shared_out(small, elsewhere) as left, ThreadPoolExecutor(WORKERS) as pool:
        ways = [pool.submit(_large, *each, umask) for each in zip(large, places, strict=True)]
        for each in left():
            _write(each, holdings.unpack(packed[each.digest]), umask)
        done = [each.result() for each in ways]
    return {way: done.count(way) for way in Way}


def _position(place: Place) -> tuple[str, int]:
    return place.pack, place.frame.offset


def _path(holdings: Holdings, digest: Digest) -> Path | bytes:
    place = holdings.place(digest)
    return place if isinstance(place, Path) else holdings.unpack(place)


def _write(file: Laid, data: bytes, umask: int) -> None:
    if file.fill is not None:
        made = file.fill(data)
        if made is None or digest_bytes(made) != file.filled:
            raise damaged(file.digest)
        data = made
    sink = os.open(file.target, _NEW, file.mode)
    try:
        write_all(sink, data)
        _finish(sink, file, umask)
    except BaseException:
        Path(file.target).unlink()
        raise
    finally:
        os.close(sink)


def _finish(sink: int, file: Laid, umask: int) -> None:
    if file.mode & umask or file.mode & ~0o777:
        os.fchmod(sink, file.mode)
    os.utime(sink, ns=(file.modified, file.modified))


def _large(file: Laid, place: Path | bytes, umask: int) -> Way:
    if isinstance(place, Path) and file.fill is not None:
        place = place.read_bytes()
        if digest_bytes(place) != file.digest:
            raise damaged(file.digest)
    if isinstance(place, bytes):  # it is to be filled in, or moved into a pack meanwhile
        _write(file, place, umask)
        return Way.COPY
    with opened(str(place), None) as source:
        if file.linkable and _linked(place, file.target):
            if stream(source, None) != file.digest:
                Path(file.target).unlink()
                raise damaged(file.digest)
            return Way.LINK
        sink = os.open(file.target, _NEW, file.mode)
        try:
            if copy(source, sink) != file.digest:
                Path(file.target).unlink()
                raise damaged(file.digest)
            _finish(sink, file, umask)
        finally:
            os.close(sink)
    return Way.COPY


def _linked(place: Path, target: str) -> bool:
    try:
        os.link(place, target)
    except FileExistsError:
        raise
    except OSError:  # another file system, or as many links as it allows
        return False
    return True
