"""Keeps a picture of each figure that a program shows where there is no screen to show it on."""

from __future__ import annotations

import posix
from _thread import get_ident

from . import imports, journal, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from .foreign import Foreign

_count = 0


def patch(module: ModuleType) -> None:
    """Wrap what every backend without a window shows by; those with one have their own."""
    library: Foreign = module
    imports.wrap(library.FigureManagerBase, "show", _showing)


def _showing(original: Foreign) -> Foreign:
    def show(self: Foreign) -> Foreign:
        if journal.path:
            _keep(self)
        return original(self)

    return show


def _keep(manager: Foreign) -> None:
    """Save the figure; our deeds, warnings and failures are not the program's."""
    global _count
    import warnings

    me = get_ident()
    # Not by catch_warnings: that makes Python forget which warnings it has shown already.
    silence = ("ignore", None, Warning, None, 0)
    filters: Foreign = warnings.filters
    _count += 1
    path = f"{state.spool}/figures/{posix.getpid()}-{_count}.png"
    figure = manager.canvas.figure
    stale = getattr(figure, "stale", False)
    journal.busy.add(me)
    try:
        filters.insert(0, silence)
        figure.savefig(path, format="png")
        figure.stale = stale
    except Exception as error:
        journal.gap("outputs", f"a figure could not be kept: {error}", "save it to a file")
        return
    finally:
        if silence in filters:
            filters.remove(silence)
        journal.busy.discard(me)
    label = figure.get_label() if hasattr(figure, "get_label") else ""
    journal.event("figure", path, str(label), getattr(manager, "num", None))
