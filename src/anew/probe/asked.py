"""Which environment variables Python code asks for, told from those that are merely there."""

from __future__ import annotations

import os
import posix

from . import journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .foreign import Foreign

_known: set[bytes] = set()  # told already, or set by the program itself


def begin() -> None:
    """Put a mapping that listens in the place of the one behind `os.environ`."""
    environ: Foreign = os.environ
    binary: Foreign = os.environb
    if environ._data is not posix.environ:
        return  # not laid out as in CPython 3.9 to 3.14
    watched = Watched(dict.items(posix.environ))
    setattr(posix, "environ", watched)  # noqa: B010 - the type checker takes it for a constant
    environ._data = binary._data = watched


class Watched(dict):  # type: ignore[type-arg]
    """A dict that tells which of its keys are asked for; going through all of them is no question.

    Who copies an environment asks for each key in order right after asking for the list of them.
    """

    __slots__ = ("_at", "_order")

    def __init__(self, pairs: Foreign) -> None:
        dict.__init__(self, pairs)
        self._order: list[bytes] = []
        self._at = 0

    def __getitem__(self, key: bytes) -> bytes:
        try:
            at, order = self._at, self._order
            if at < len(order) and order[at] == key:
                self._at = at + 1
            elif key not in _known:
                _known.add(key)
                journal.event("asked", key.decode("utf-8", "surrogateescape"))
        except Exception as error:
            if not journal.is_ours(error):
                raise
        value: bytes = dict.__getitem__(self, key)
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        _known.add(key)
        dict.__setitem__(self, key, value)

    def __iter__(self) -> Iterator[bytes]:
        self._order, self._at = list(dict.keys(self)), 0
        return iter(self._order)

    def copy(self) -> dict[bytes, bytes]:
        """Return a plain dict."""
        return dict(dict.items(self))

    def __reduce__(self) -> tuple[type[dict[bytes, bytes]], tuple[list[tuple[bytes, bytes]]]]:
        """Come back as a plain dict: we are not there where this is unpickled."""
        return dict, (list(dict.items(self)),)
