"""Remembered: what a former look found, in the cache. Losing it costs the next look time only."""

from pathlib import Path
from typing import TypeVar

import msgspec

from anew.store.durable import replace_whole

Value = TypeVar("Value")


def recall(place: Path, kind: type[Value]) -> Value | None:
    """Return what was remembered at `place`; None where there is nothing, or nothing of `kind`."""
    try:
        return msgspec.msgpack.decode(place.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None


def remember(place: Path, found: object) -> None:
    """Write `found` down for the next look, if that can be."""
    try:
        data = msgspec.msgpack.encode(found)
        place.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(place, data)
    except (OSError, UnicodeEncodeError):  # a name that is no UTF-8
        return
