"""Addresses: under which this machine is called, to tell its calls to itself from all others."""

from collections.abc import Iterator
from pathlib import Path

from anew.trace.calling import plain

_HEX = 32  # digits of an address of IPv6


def own() -> frozenset[str]:
    """Return the addresses of this machine's interfaces; none where the system does not tell."""
    return frozenset((*_of_4(), *_of_6()))


def _of_4() -> Iterator[str]:
    """Yield what the routing table calls local: `|-- ADDRESS`, then `/32 host LOCAL`."""
    address = ""
    for line in _lines("/proc/net/fib_trie"):
        word = line.strip()
        if word.startswith("|-- "):
            address = word[4:]
        elif word == "/32 host LOCAL":
            yield address


def _of_6() -> Iterator[str]:
    for line in _lines("/proc/net/if_inet6"):
        digits = line.partition(" ")[0]
        if len(digits) == _HEX:
            yield plain(":".join(digits[at : at + 4] for at in range(0, _HEX, 4)))


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
