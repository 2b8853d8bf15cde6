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


def log(name: str | Mapping[str, Foreign], value: Foreign = None, step: Foreign = None) -> None:
    """Add a point to a metric, `log("loss", 0.3, step=10)`, or to several, `log({"loss": 0.3})`."""


def param(name: str | Mapping[str, Foreign], value: Foreign = None) -> None:
    """Name a parameter of this run, or several in a mapping."""


def artifact(path: Foreign, name: str | None = None) -> None:
    """Say that a file is a result of this run, under a name of its own if need be."""


def note(message: str) -> None:
    """Add a remark to this run."""


if "_anew_probe" in sys.modules:  # a recorded process: the calls go to its recorder
    _recorder = __import__("_anew_probe.api", fromlist=["log"])
    globals().update({name: getattr(_recorder, name) for name in __all__})
