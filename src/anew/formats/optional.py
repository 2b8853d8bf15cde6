"""Libraries that Anew's own environment may have; without them, another way is taken."""

from functools import cache
from importlib import import_module
from types import ModuleType


@cache
def optional(name: str) -> ModuleType | None:
    """Return the module `name` where it can be imported here, else None."""
    try:
        return import_module(name)
    except ImportError:
        return None
