"""Seeds the program sets itself: written down, and on a replay given back where they differ.

A seed from a clock or from chance is the program's own choice and is not overridden; but to repeat
a run is to choose the same.
"""

from __future__ import annotations

from . import frames, journal, roles, seeds, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .foreign import Foreign

_MOST = 10_000  # events at one place
_LARGEST = 4096  # bits of a seed that is written down
_DERIVED = ("torch.utils.data.",)  # seeds its workers from a generator that is looked after itself
_counts: dict[tuple[str, str, str], int] = {}
_recorded: dict[tuple[str, str, int, str], str] | None = None


def take(function: str, value: Foreign, generator: str = "", depth: int = 2) -> Foreign:
    """Note that `function` is called with a seed, and return the seed to go on with.

    Args:
        function: its name for the user, `random.seed`.
        value: the seed; None and what is no simple value are not a seed of the program's own.
        generator: the global generator it sets, if it does.
        depth: how many frames up the program is.
    """
    try:
        return _take(function, value, generator, depth + 1)
    except Exception as error:
        if not journal.is_ours(error):
            raise
        journal.fault(function, error)
        return value


def _take(function: str, value: Foreign, generator: str, depth: int) -> Foreign:
    plain = _plain(value)
    if plain is None:
        if generator and value is not None:
            seeds.seeded.add(generator)
        return value
    if generator:
        seeds.seeded.add(generator)
    site, role = frames.place(depth + 1), roles.current()
    if site.startswith("import:") or frames.module(depth + 1).startswith(_DERIVED):
        return value
    key = function, site, role
    count = _counts.get(key, 0)
    _counts[key] = count + 1
    text = repr(plain)
    if state.is_replay():
        known = _look_up(function, site, count, role)
        if known is not None and known != text:
            journal.event("served", function, site, count, role, known, text)
            return _value(known, value)
    if count < _MOST:
        journal.event("seed", function, site, count, role, text)
    return value


def _plain(value: Foreign) -> object:
    """Return a seed as a plain value; None where it is none."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int) and value.bit_length() > _LARGEST:
        return None
    if isinstance(value, (int, float, str, bytes)):
        return value if len(repr(value)) <= 1000 else None
    if isinstance(value, (list, tuple)):
        whole = len(value) <= 100 and all(type(item) is int for item in value)
        return list(value) if whole else None
    if getattr(value, "shape", None) == () and hasattr(value, "__index__"):
        try:
            return int(value)
        except (TypeError, ValueError, NotImplementedError, RuntimeError):
            return None  # it stands for a number that nobody knows yet: JAX traces the program
    return None


def _value(text: str, like: Foreign) -> Foreign:
    from ast import literal_eval

    try:
        return literal_eval(text)
    except (ValueError, SyntaxError):
        return like


def _look_up(function: str, site: str, count: int, role: str) -> str | None:
    global _recorded
    if _recorded is None:
        _recorded = {}
        for line in _lines():
            item = _parsed(line)
            if isinstance(item, list) and len(item) == 5:
                _recorded[item[0], item[1], item[2], item[3]] = item[4]
    return _recorded.get((function, site, count, role))


def _lines() -> list[str]:
    from _thread import get_ident

    me = get_ident()
    journal.busy.add(me)
    try:
        with open(state.spool + "/given.jsonl", encoding="utf-8") as stream:
            return stream.read().split("\n")
    except OSError:
        return []
    finally:
        journal.busy.discard(me)


def _parsed(line: str) -> object:
    from .text import parse

    try:
        return parse(line) if line else None
    except (ValueError, StopIteration):
        return None


def after_fork() -> None:
    """Count from nought in a child, as the seeds do."""
    _counts.clear()
