"""Laying out: write many objects to many files at once, each checked as it is written."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path

from msgspec import Struct

from anew.model.digest import Digest, digest_bytes
from anew.store.copying import copy, opened, stream
from anew.store.durable import write_all
from anew.store.holdings import Holdings
from anew.store.objectindex import Place
from anew.store.sharing import Piece, shared_out
from anew.store.verifying import damaged

TOGETHER = 500  # small files that are written one after the other
FILE_COSTS, BYTE_COSTS = 100e-6, 0.5e-9  # seconds, roughly, of a core
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


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


def lay_out(holdings: Holdings, files: Iterable[Laid]) -> None:
    """Write `files`, none of which may exist, in folders that do.

    Raises:
        MissingObject: an object is not held; some files are written then.
        DamagedObject: other bytes lie under its name.
        OSError: a file cannot be written.
    """
    wanted = list(files)
    packed = holdings.index.find_many({each.digest for each in wanted})
    umask = os.umask(0o077)
    os.umask(umask)

    def write(file: Laid, held: bytes | Path | None) -> None:
        if held is None:
            raise damaged(file.digest)
        if isinstance(held, Path):
            _write_large(file, held, umask)
        else:
            _write(file, held, umask)

    def elsewhere(share: Sequence[Laid]) -> None:
        """Write a share in another process, which must leave the index alone."""
        written = 0
        try:
            for written, each in enumerate(share):  # noqa: B007
                place = packed.get(each.digest)
                path = holdings.layout.object(each.digest)
                write(each, path if place is None else holdings.unpacked(place))
        except BaseException:
            for each in share[:written]:
                Path(each.target).unlink()
            raise

    with shared_out(_pieces(holdings, wanted, packed), elsewhere) as left:
        for each in left():
            place = packed.get(each.digest) or holdings.place(each.digest)
            write(each, place if isinstance(place, Path) else holdings.unpack(place))


def _pieces(
    holdings: Holdings, wanted: Iterable[Laid], packed: Mapping[Digest, Place]
) -> list[Piece[Laid]]:
    """Cut what is to be written in pieces, with what each costs: neighbours in packs in one."""
    pieces: list[Piece[Laid]] = []
    small: list[tuple[str, int, Laid]] = []
    for each in wanted:
        place = packed.get(each.digest)
        if place is not None:
            small.append((place.pack, place.frame.offset, each))
            continue
        try:
            size = holdings.layout.object(each.digest).stat().st_size
        except FileNotFoundError:  # moved into a pack meanwhile, or missing
            size = 0
        pieces.append(Piece(FILE_COSTS + size * BYTE_COSTS, [each]))
    small.sort(key=itemgetter(0, 1))
    for start in range(0, len(small), TOGETHER):
        files = [each for _, _, each in small[start : start + TOGETHER]]
        pieces.append(Piece(FILE_COSTS * len(files), files))
    return pieces


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


def _write_large(file: Laid, place: Path, umask: int) -> None:
    """Write an object that is a file of its own.

    Raises:
        DamagedObject: it holds other bytes.
    """
    if file.fill is not None:
        data = place.read_bytes()
        if digest_bytes(data) != file.digest:
            raise damaged(file.digest)
        _write(file, data, umask)
        return
    with opened(str(place), None) as source:
        if file.linkable and _linked(place, file.target):
            if stream(source, None) != file.digest:
                Path(file.target).unlink()
                raise damaged(file.digest)
            return
        sink = os.open(file.target, _NEW, file.mode)
        try:
            if copy(source, sink) != file.digest:
                raise damaged(file.digest)
            _finish(sink, file, umask)
        except BaseException:
            Path(file.target).unlink()
            raise
        finally:
            os.close(sink)


def _linked(place: Path, target: str) -> bool:
    try:
        os.link(place, target)
    except FileExistsError:
        raise
    except OSError:  # another file system, or as many links as it allows
        return False
    return True
