"""Tells our C library what only Python knows: by a variable that it catches and never sets."""

from __future__ import annotations

import os
import posix
import sys

from . import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .foreign import Foreign

NAME = b"ANEW_NATIVE"
_heard = False  # whether the library is there: without it the variable would be set


def begin(act: Callable[[str, tuple[Foreign, ...]], None]) -> None:
    """Name the folders of this interpreter, and listings that the import system makes for itself.

    `act` is called at the audit events of which the library knows that we ask for them.
    """
    global _heard
    _heard = True
    system: Foreign = sys
    system._anew_act = act  # it is taken, and out of sight again, before any other code runs
    for prefix in frames.environment:
        _tell("skip=" + prefix)
    import _frozen_importlib_external as machinery

    finder: Foreign = machinery.FileFinder
    original = finder._fill_cache

    def _fill_cache(self: Foreign) -> None:
        place = self.path or os.getcwd()
        _tell("import=" + place)
        if type(self) is not finder or frames.is_environment(place + "/"):
            original(self)
        else:
            self._path_cache = _modules_in(place, tuple([suffix for suffix, _ in self._loaders]))

    finder._fill_cache = _fill_cache


def _modules_in(folder: str, suffixes: tuple[str, ...]) -> set[str]:
    """Return the names in a folder of the user's that can be imported, as the finder asks for them.

    What else lies there when a run is recorded need not come back for a replay, and so must not
    stay in memory, where it would move what comes after it.
    """
    names = []
    try:
        with posix.scandir(folder) as found:
            for entry in found:
                if entry.name.endswith(suffixes) or ("." not in entry.name and entry.is_dir()):
                    names.append(entry.name)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        pass
    return set(sorted(names))  # noqa: C414 - in one order, so that it grows in one way


def draws_for_us(value: int) -> None:
    """Say that what is drawn from the system until this is called with 0 is drawn for our sake."""
    if _heard:
        _tell(f"own={value}")


def _tell(text: str) -> None:
    try:
        posix.putenv(NAME, os.fsencode(text))
    except (OSError, ValueError):
        pass  # it is left out of nothing: a listing more is told
