"""On a replay, folders list their entries in the order they had: file systems differ in that."""

from __future__ import annotations

import os

from . import imports, state
from .paths import absolute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .foreign import Foreign

FILE = "listings"
_orders: dict[str, dict[str, int]] | None = None


def begin() -> None:
    """Serve recorded orders, if this is a replay that was given any; our library does it alone."""
    if state.natively or not state.is_replay() or not os.path.exists(f"{state.spool}/{FILE}"):
        return
    _see("listdir", _listdir)
    _see("scandir", _scandir)


def arranged(path: str, names: list[str]) -> list[str]:
    """Return `names` of the folder at `path`: known ones as recorded, then the others."""
    order = _order(path)
    if not order:
        return names
    last = len(order)
    return sorted(names, key=lambda name: order.get(name, last))


def _order(path: str) -> dict[str, int]:
    global _orders
    if _orders is None:
        _orders = dict(_read())
    return _orders.get(path, {})


def _read() -> Iterator[tuple[str, dict[str, int]]]:
    """Read what `native/order.h` describes."""
    from _thread import get_ident

    from . import journal

    me = get_ident()
    journal.busy.add(me)
    try:
        with open(f"{state.spool}/{FILE}", "rb") as stream:
            data = stream.read()
    except OSError:
        data = b""
    finally:
        journal.busy.discard(me)
    for number in range(int.from_bytes(data[:8], "little")):
        at = int.from_bytes(data[8 * number + 8 : 8 * number + 16], "little")
        path, *names = data[at : data.index(b"\0\0", at)].split(b"\0")
        yield os.fsdecode(path), {os.fsdecode(name): place for place, name in enumerate(names)}


def _place(path: Foreign) -> str | None:
    """Return the folder meant as recorded: absolute; None for a descriptor."""
    if path is None:
        return absolute(".")
    if isinstance(path, int):
        return None
    return absolute(os.fsdecode(path))


def _listdir(original: Foreign) -> Foreign:
    def listdir(path: Foreign = None) -> list[Foreign]:
        names: list[Foreign] = original(path)
        place = _place(path)
        if place is None or not names:
            return names
        if isinstance(names[0], bytes):
            return [os.fsencode(name) for name in arranged(place, [*map(os.fsdecode, names)])]
        return arranged(place, names)

    return listdir


def _scandir(original: Foreign) -> Foreign:
    def scandir(path: Foreign = None) -> Foreign:
        found = original(path)
        place = _place(path)
        order = _order(place) if place is not None else {}
        return _Entries(found, order) if order else found

    return scandir


class _Entries:
    """What `os.scandir` gives, in the recorded order."""

    def __init__(self, found: Foreign, order: dict[str, int]) -> None:
        last = len(order)
        self._found = found
        self._entries = iter(
            sorted(found, key=lambda entry: order.get(os.fsdecode(entry.name), last))
        )

    def __iter__(self) -> _Entries:
        return self

    def __next__(self) -> Foreign:
        return next(self._entries)

    def __enter__(self) -> _Entries:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder."""
        self._found.close()


def _see(name: str, make: Callable[[Foreign], Foreign]) -> None:
    old = getattr(os, name)
    imports.wrap(os, name, make)
    new = getattr(os, name)
    supported = getattr(os, "supports_fd", None)
    if supported is not None and old in supported:
        supported.add(new)
