"""Stamp, the state of one file; Listing, a long list kept as an object of its own."""

from typing import NamedTuple

from msgspec import Struct

from anew.model.digest import Digest


class Stamp(NamedTuple):
    """What stat says of a file: another stamp, another state. `size` in bytes, times in ns."""

    device: int
    inode: int
    size: int
    mode: int
    modified: int
    changed: int


class Listing(Struct, frozen=True):
    """A long list by its digest. `count` entries, `size` bytes of content they stand for."""

    digest: Digest
    count: int
    size: int = 0
