"""What a script may say about itself: log, param, artifact, note."""

from __future__ import annotations

from . import journal
from .paths import absolute, stamp, status, text
from .text import dump, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Union

    from .foreign import Foreign

__all__ = ["artifact", "log", "note", "param"]

_HINT = "log a number: float(value)"
_names: dict[str, str] = {}  # of metrics, as JSON text


def log(
    name: Union[str, Mapping[str, Foreign]],  # noqa: UP007 - shown to users of 3.9 too
    value: Foreign = None,
    step: Foreign = None,
) -> None:
    """Add a point to a metric, `log("loss", 0.3, step=10)`, or to several, `log({"loss": 0.3})`."""
    try:
        if name.__class__ is str:
            _point(name, value, step)
        elif hasattr(name, "items"):
            if step is None:
                step = value
            for each, number in name.items():
                _point(each, number, step)
        else:
            journal.gap("metrics", f"{name!r} is no name of a metric", "give it as text")
    except Exception as error:
        _refuse("metrics", "a point was not logged", error)


def _point(name: Foreign, value: Foreign, step: Foreign) -> None:
    key = _names.get(name)
    if key is None:
        if len(_names) > 10_000:
            _names.clear()
        key = _names[name] = quote(str(name))
    try:
        if value.__class__ is not float:
            value = float(value)
        if step is None:
            number = "null"
        else:
            number = str(int(step))
            if step.__class__ is not int and float(step) != int(step):
                raise ValueError(f"step {step!r} is no whole number")
    except (TypeError, ValueError, OverflowError, AttributeError, RuntimeError) as error:
        journal.gap("metrics", f"a value of {name} was not logged: {error}"[:500], _HINT)
        return
    journal.point(key, number, f'"{value!r}"')


def param(name: Union[str, Mapping[str, Foreign]], value: Foreign = None) -> None:  # noqa: UP007
    """Name a parameter of this run, or several in a mapping."""
    try:
        values = {str(key): item for key, item in name.items()} if hasattr(name, "items") else None
        fields = dump({str(name): value} if values is None else values)
        journal.write("param", '"api",' + fields)
    except Exception as error:
        _refuse("configuration", "a parameter was not recorded", error)


def artifact(path: Foreign, name: Foreign = None) -> None:
    """Say that a file is a result of this run, under a name of its own if need be."""
    try:
        plain = text(path)
        if not plain:
            journal.gap("outputs", f"{path!r} is no path of an artifact", "give it as text")
            return
        plain = absolute(plain)
        shown = "null" if name is None else quote(str(name))
        journal.write("artifact", f"{quote(plain)},{shown},{stamp(status(plain))}")
    except Exception as error:
        _refuse("outputs", "an artifact was not recorded", error)


def note(message: Foreign) -> None:
    """Add a remark to this run."""
    try:
        journal.write("note", quote(str(message)))
    except Exception as error:
        _refuse("notes", "a note was not recorded", error)


def _refuse(aspect: str, what: str, error: Exception) -> None:
    if isinstance(error, TimeoutError) and not journal.is_ours(error):
        raise error
    journal.gap(aspect, f"{what}: {type(error).__name__}: {error}"[:500], "give plain values")
