"""What a training script may import: log, param, artifact, note. Standard library only.

Under `anew run` they write to the run; elsewhere they do nothing.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from anew.probe.foreign import Foreign

__all__ = ["artifact", "log", "note", "param"]


def _tell(name: str, *args: Foreign) -> None:
    """Hand a call on to the recorder of this process, if there is one."""
    if "_anew_probe" in sys.modules:
        module = __import__("_anew_probe.api", fromlist=[name])
        getattr(module, name)(*args)


def log(name: str | Mapping[str, Foreign], value: Foreign = None, step: Foreign = None) -> None:
    """Add a point to a metric, `log("loss", 0.3, step=10)`, or to several, `log({"loss": 0.3})`."""
    _tell("log", name, value, step)


def param(name: str | Mapping[str, Foreign], value: Foreign = None) -> None:
    """Name a parameter of this run, or several in a mapping."""
    _tell("param", name, value)


def artifact(path: Foreign, name: str | None = None) -> None:
    """Say that a file is a result of this run, under a name of its own if need be."""
    _tell("artifact", path, name)


def note(message: str) -> None:
    """Add a remark to this run."""
    _tell("note", message)
