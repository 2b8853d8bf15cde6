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
        _tell("import=" + (self.path or os.getcwd()))
        original(self)

    finder._fill_cache = _fill_cache


def draws_for_us(value: int) -> None:
    """Say that what is drawn from the system until this is called with 0 is drawn for our sake."""
    if _heard:
        _tell(f"own={value}")


def _tell(text: str) -> None:
    try:
        posix.putenv(NAME, os.fsencode(text))
    except (OSError, ValueError):
        pass  # it is left out of nothing: a listing more is told
