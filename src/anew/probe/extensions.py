"""Extension modules of the user's own: the system's linker opens them, so no open tells of them."""

from __future__ import annotations

from . import acts, journal
from .frames import is_environment
from .paths import absolute, stamp, status
from .text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .acts import Arguments

_told: set[str] = set()


def begin() -> None:
    """Ask for the event."""
    acts.table["import"] = _load


def _load(args: Arguments) -> None:
    path = args[1]
    if path.__class__ is str and path:
        path = absolute(path)
        now = status(path)
        if now is not None and not is_environment(path) and path not in _told:
            _told.add(path)
            journal.write("open", f'{quote(path)},"m",{stamp(now)}')
