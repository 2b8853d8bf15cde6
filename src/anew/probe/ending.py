"""The last event of a process: what it had loaded, how many threads its libraries had."""

from __future__ import annotations

import os
import sys

from . import journal, roles, seeds
from .frames import is_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from .foreign import Foreign

_ended = False


def begin() -> None:
    """Ask to be called last when the interpreter ends, and when a multiprocessing child does."""
    import atexit

    from . import imports

    atexit.register(end)
    imports.after("multiprocessing.util", _follow_children)


def end() -> None:
    """Write the end event, once."""
    global _ended
    if not _ended:
        _ended = True
        tell()


def after_fork() -> None:
    """A child has its own end."""
    global _ended
    _ended = False


def _follow_children(module: ModuleType) -> None:
    """A multiprocessing child leaves by `os._exit`: its finalisers are the last to be called."""
    util: Foreign = module
    util.register_after_fork(_follow_children, lambda _: _in_child(util))


def _in_child(util: Foreign) -> None:
    try:
        from . import draws

        util.Finalize(None, end, exitpriority=-1000)
        draws.begin_random()  # the child knows its number only now
    except Exception as error:
        journal.fault("in a child", error)


def tell() -> None:
    """Write the end event."""
    if not journal.path:
        return
    from . import threads

    try:
        libraries = threads.loaded()
        facts: dict[str, object] = {
            "role": roles.process(),  # a child of multiprocessing learns it late
            "modules": _modules(),
            "libraries": [path for path in libraries if not is_environment(path)],
            "threads": threads.counts(libraries),
            "draws": dict(seeds.drawn),
            "seeded": sorted(seeds.seeded),
            "cores": _cores(),
            "path": [str(folder) for folder in sys.path],
            "lost": journal.lost,
        }
        journal.event("end", facts)
    except Exception as error:
        if not journal.is_ours(error):
            raise
        journal.fault("at the end", error)


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else 0


def _modules() -> list[list[str | None]]:
    """Return name and file; of the environment, whose files others list, only top packages."""
    found: list[list[str | None]] = []
    modules: dict[str, Foreign] = dict(sys.modules)
    for name, module in modules.items():
        if module is None or name.startswith("_anew_probe"):
            continue
        origin = getattr(module, "__dict__", {}).get("__file__")
        if not isinstance(origin, str):
            if "." not in name and name not in sys.builtin_module_names:
                found.append([name, None])
        elif "." not in name or not is_environment(origin):
            found.append([name, origin])
    return found
