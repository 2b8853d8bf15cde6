"""Values to text. The only place that prints."""

import os
import sys
from collections.abc import Callable, Mapping

from anew.model.errors import AnewError

PREFIX = "anew: "
ERROR_SCHEMA = "anew/error-1"


def say(text: str) -> None:
    """Write a line of ours to stderr; where nobody reads it, go on."""
    say_raw(f"{PREFIX}{text}")


def tell(text: str) -> None:
    """Write a line of data to stdout."""
    sys.stdout.write(text + "\n")


def document(value: object) -> None:
    """Write one JSON document to stdout."""
    sys.stdout.write(text_of(value) + "\n")
    sys.stdout.flush()


def text_of(value: object) -> str:
    """Return `value` as JSON; bytes of a name that are no UTF-8 as escapes."""
    import json

    import msgspec

    plain = msgspec.to_builtins(value, enc_hook=str)
    text = json.dumps(plain)
    try:  # many times faster than the indent of `json`, but it refuses lone surrogates
        return msgspec.json.format(text.encode(), indent=2).decode()
    except msgspec.DecodeError:
        return json.dumps(plain, indent=2)


def show_error(error: AnewError, *, as_json: bool, prefix: bool) -> None:
    """Write what happened, why, and what to do next."""
    if as_json:
        facts = {"code": error.code, "what": error.what, "why": error.why, "hint": error.hint}
        document({"schema": ERROR_SCHEMA, "error": facts})
        return
    lines = str(error).splitlines()
    start = PREFIX if prefix else ""
    for number, line in enumerate(line for line in lines if line):
        say_raw(f"{start}{'error: ' if number == 0 else ''}{line}")


def say_raw(text: str) -> None:
    """Write a line to stderr without our name in front."""
    if sys.stderr is None:  # it was closed before we began
        return
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def size(count: int) -> str:
    """Return a number of bytes for people.

    >>> size(999), size(1_200_000), size(20 << 30)
    ('999 B', '1.2 MB', '21.5 GB')
    """
    value = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def duration(microseconds: int) -> str:
    """Return a time span for people.

    >>> duration(1_400), duration(38_000_000), duration(3_725_000_000)
    ('1.4 ms', '38.0 s', '1 h 2 min')
    """
    seconds = microseconds / 1e6
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min {int(seconds % 60)} s"
    return f"{minutes // 60} h {minutes % 60} min"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    >>> count(1, "file"), count(2, "file"), count(1200, "entry", "entries")
    ('1 file', '2 files', '1,200 entries')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def plain(environ: Mapping[str, str] | None = None) -> bool:
    """Say whether to write without colour."""
    return bool((environ or os.environ).get("NO_COLOR")) or not sys.stdout.isatty()


def passing() -> Callable[[str], None]:
    """Return what shows how far long work is, on a terminal; elsewhere it is silent."""
    if sys.stderr is None or not sys.stderr.isatty():
        return lambda _: None

    def show(text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{PREFIX}{text}" if text else "\r\x1b[K")
        sys.stderr.flush()

    return show
