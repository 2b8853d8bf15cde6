"""Digest: the name of some bytes; the only user of hash libraries."""

from collections.abc import Iterable
from typing import NewType

from blake3 import blake3

Digest = NewType("Digest", str)
"""BLAKE3-256 of raw bytes: `b3:` and 64 lower-case hexadecimal digits, those `b3sum` prints."""

PREFIX = "b3:"


class Hasher:
    """A digest in the making: `update` with bytes in order, then ask for `digest`."""

    __slots__ = ("_state", "size")

    def __init__(self) -> None:
        self._state = blake3()
        self.size = 0

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take `data` in."""
        self._state.update(data)
        self.size += len(data)

    def digest(self) -> Digest:
        """Return the digest of all that was taken in."""
        return Digest(PREFIX + self._state.hexdigest())


def digest_bytes(data: bytes) -> Digest:
    """Return the digest of `data`.

    >>> digest_bytes(b"")[:11]
    'b3:af1349b9'
    """
    return Digest(PREFIX + blake3(data).hexdigest())


def digest_raw(data: bytes) -> bytes:
    """Return the 32 bytes of the digest of `data`."""
    return blake3(data).digest()


def digest_pieces(pieces: Iterable[bytes]) -> Digest:
    """Return the digest of `pieces` end to end; each is taken once, in order."""
    state = Hasher()
    for piece in pieces:
        state.update(piece)
    return state.digest()
