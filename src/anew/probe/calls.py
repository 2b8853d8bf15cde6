"""Whom the program calls: hosts and ports, and by which library."""

from __future__ import annotations

import posix

from . import acts, journal
from .frames import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .acts import Arguments


def begin() -> None:
    """Ask for the events."""
    acts.table.update(
        {
            "socket.connect": _connect,
            "socket.getaddrinfo": _look_up,
            "socket.gethostbyname": _look_up,
        }
    )


def _look_up(args: Arguments) -> None:
    """Name a host that is asked for, also where nobody answers: the program goes on without."""
    host, port = args[0], args[1] if len(args) > 1 else 0
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if not isinstance(name, str) or not name or name[-1] in "0123456789:" or "%" in name:
        return  # an address: the connection itself is named
    number = port if isinstance(port, (int, str)) else 0
    if name not in ("localhost", _own_name()):
        _call(name, number, "name")


def _own_name() -> str:
    return posix.uname().nodename


_calls: set[tuple[object, object, str, str]] = set()


def _connect(args: Arguments) -> None:
    family = {2: "inet", 10: "inet6"}.get(int(args[0].family))
    address = args[1]
    if family and isinstance(address, tuple) and len(address) > 1:
        host = address[0]
        host = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
        if not host.startswith(("127.", "::1", "localhost")):
            _call(host, address[1], family)


def _call(host: str, port: object, how: str) -> None:
    by = library()
    key = (host, port, how, by)
    if key not in _calls:
        _calls.add(key)
        journal.event("connect", host, port, how, by)
