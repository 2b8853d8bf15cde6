"""What a script may say about itself: log, param, artifact, note."""

from __future__ import annotations

from . import journal
from .paths import absolute, stamp, status, text
from .text import dump, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Union

    from .foreign import Foreign

__all__ = ["artifact", "log", "note", "param"]

_HINT = "log a number: float(value)"
_PLAIN = "give plain values"
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
            text = _safely(repr, name)
            journal.gap("metrics", f"{text} is no name of a metric", "give it as text")
    except Exception as error:
        _refuse("metrics", "a point was not logged", error)


def _point(name: Foreign, value: Foreign, step: Foreign) -> None:
    key = _names.get(name)
    if key is None:
        if len(_names) > 10_000:
            _names.clear()
        key = _names[name] = quote(_safely(str, name))
    if value.__class__ is not float:
        value = _safely(float, value)
    if step.__class__ is not int and step is not None:
        step = _safely(_whole, step)
    if value.__class__ is float and step.__class__ is not str:
        journal.point(key, "null" if step is None else str(step), f'"{value!r}"')
    else:
        wrong = value if value.__class__ is str else step
        journal.gap("metrics", f"a value of {key} was not logged: {wrong}", _HINT)


def _whole(step: Foreign) -> int:
    number = int(step)
    if float(step) != number:
        raise ValueError("a step is a whole number")
    return number


def _safely(convert: Callable[[Foreign], Foreign], value: Foreign) -> Foreign:
    """Return what `convert` gives; a text that says why not, if the value's own code fails."""
    try:
        return convert(value)
    except Exception as error:
        return f"{type(value).__name__}: {type(error).__name__}"


def param(name: Union[str, Mapping[str, Foreign]], value: Foreign = None) -> None:  # noqa: UP007
    """Name a parameter of this run, or several in a mapping."""
    try:
        values = dict(name.items()) if hasattr(name, "items") else {name: value}
        fields = _safely(lambda each: [dump(each)], values)
        if fields.__class__ is list:
            journal.write("param", '"api",' + fields[0])
        else:
            journal.gap("configuration", f"a parameter was not recorded: {fields}", _PLAIN)
    except Exception as error:
        _refuse("configuration", "a parameter was not recorded", error)


def artifact(path: Foreign, name: Foreign = None) -> None:
    """Say that a file is a result of this run, under a name of its own if need be."""
    try:
        plain = _safely(lambda each: [text(each)], path)
        if plain.__class__ is not list or not plain[0]:
            what = f"{_safely(repr, path)} is no path of an artifact"
            journal.gap("outputs", what, "give it as text")
            return
        where = absolute(plain[0])
        shown = "null" if name is None else quote(_safely(str, name))
        journal.write("artifact", f"{quote(where)},{shown},{stamp(status(where))}")
    except Exception as error:
        _refuse("outputs", "an artifact was not recorded", error)


def note(message: Foreign) -> None:
    """Add a remark to this run."""
    try:
        journal.write("note", quote(_safely(str, message)))
    except Exception as error:
        _refuse("notes", "a note was not recorded", error)


def _refuse(aspect: str, what: str, error: Exception) -> None:
    if not journal.is_ours(error) and not isinstance(error, (TypeError, AttributeError)):
        raise error  # of a signal handler
    journal.gap(aspect, f"{what}: {type(error).__name__}: {error}"[:500], _PLAIN)
