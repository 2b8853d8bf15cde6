"""Listings: long lists in pieces, so that a changed entry costs a piece and not the list.

A list is sorted by key and cut after each entry whose key's digest ends in ten zero bits: every
list of the same entries is cut alike, whatever it was before. A list in one piece is the JSON
list of its entries; a longer one is a JSON object that names its pieces.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from msgspec import Struct

from anew.model import canonical
from anew.model.digest import Digest, digest_raw
from anew.model.errors import DamagedObject
from anew.model.tree import Listing
from anew.store.protocol import Batch, Store

Value = TypeVar("Value")

TURN = 4  # of the last but one byte, where the last is 0: ten bits, 1,024 entries a piece
_OBJECT = b"{"


class Piece(Struct, frozen=True):
    """A part of a listing: a JSON list of `count` entries."""

    digest: Digest
    count: int


class Pieces(Struct, frozen=True):
    """The top of a listing of more than one piece."""

    pieces: tuple[Piece, ...]


def write_listing(
    batch: Batch, entries: Sequence[Value], key: Callable[[Value], str], size: int = 0
) -> Listing:
    """Add a list to `batch`, sorted by `key`, which should differ between entries.

    `size` is how many bytes of content the entries stand for.
    """
    ordered = sorted(entries, key=key)
    pieces = list(_cut(ordered, key))
    if len(pieces) <= 1:
        return Listing(batch.add(canonical.encode(ordered)), len(ordered), size)
    top = Pieces(tuple(Piece(batch.add(canonical.encode(each)), len(each)) for each in pieces))
    return Listing(batch.add(canonical.encode(top)), len(ordered), size)


def _cut(entries: Sequence[Value], key: Callable[[Value], str]) -> Iterator[Sequence[Value]]:
    start = 0
    for place, name in enumerate(map(key, entries), 1):
        raw = digest_raw(name.encode("utf-8", "surrogatepass"))
        if not raw[-1] and not raw[-2] % TURN:
            yield entries[start:place]
            start = place
    if start < len(entries):
        yield entries[start:]


def read_listing(store: Store, listing: Listing, kind: type[Value]) -> Iterator[Value]:
    """Yield the entries of a listing in the order of their keys, piece by piece.

    Raises:
        MissingObject: the store does not hold all of it.
        DamagedObject: it is no listing of `kind`.
    """
    top = store.read(listing.digest)
    count = 0
    if top.startswith(_OBJECT):
        for piece in canonical.decode(top, Pieces).pieces:
            entries = _entries(store.read(piece.digest), kind)
            count += len(entries)
            yield from entries
    else:
        entries = _entries(top, kind)
        count = len(entries)
        yield from entries
    if count != listing.count:
        raise DamagedObject(
            f"listing `{listing.digest}` is damaged",
            why=f"it has {count} entries and not {listing.count}",
            hint="what names it was written by another version of Anew, or is damaged",
        )


def _entries(data: bytes, kind: type[Value]) -> list[Value]:
    return canonical.decode(data, list[kind])  # type: ignore[valid-type]
