"""JSON text of simple values and back, without the json package: it would load `re`."""

from __future__ import annotations

import _json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .foreign import Foreign

quote = _json.encode_basestring_ascii

LONGEST = 65536  # characters of a text that stands for an object we cannot take apart
DEEPEST = 12
SAFE = 2**53


class _Context:
    """What the C scanner asks of a decoder."""

    strict = False
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: dict[str, str] = {}  # noqa: RUF012


_context: Foreign = _Context()
_scan = _json.make_scanner(_context)


def parse(text: str) -> object:
    """Read one JSON value."""
    value, _end = _scan(text.strip(), 0)
    return value


def dump(value: Foreign, depth: int = 0) -> str:
    """Return JSON for `value`; what JSON has no word for becomes its `repr`."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    kind = type(value)
    if kind is str:
        return quote(value)
    if kind is int:
        return str(value) if -SAFE <= value <= SAFE else quote(str(value))
    if kind is float:
        return _number(value)
    if depth < DEEPEST:
        if isinstance(value, dict):
            items = (quote(str(k)) + ":" + dump(v, depth + 1) for k, v in list(value.items()))
            return "{" + ",".join(items) + "}"
        if isinstance(value, (list, tuple)):
            return "[" + ",".join([dump(item, depth + 1) for item in value]) + "]"
    return _other(value, depth)


def _number(value: float) -> str:
    text = repr(value)
    return quote(text) if text in ("nan", "inf", "-inf") else text


def _other(value: object, depth: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(str.__str__(value))
    if isinstance(value, int):
        return dump(int(value))
    if isinstance(value, float):
        return _number(float(value))
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return dump(value.item(), depth + 1) if depth < DEEPEST else quote("…")
    if hasattr(value, "__fspath__"):
        path = value.__fspath__()
        return quote(path if isinstance(path, str) else repr(path))
    return quote(repr(value)[:LONGEST])
