"""Masks: hides what only a clock, an address or a place changes, and says what it hid."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache, partial

from anew.judge.own_times import Span
from anew.judge.pids import PROCESS_ID
from anew.judge.volatile import IN_NAMES, IN_TEXT, RANDOM_IDS, UUID, Pattern

OPEN, CLOSE = "\ue000", "\ue001"  # around a mask; text that holds one already is left alone
_DAY = re.compile(r"(20\d\d|19\d\d(?=[-/]))[-/]?(\d\d)[-/]?(\d\d)(?!\d\d[.\d])")
_WRITTEN = re.compile(r"datetime\((\d{4}), (\d\d?), (\d\d?)")  # as Python writes one
_SECONDS = re.compile(r"(?<!\d)(1[5-9]\d{8})(?:\d{3}|\d{6})?(?!\d)")
_FIRST_DAY = date(1970, 1, 1)
_IN_A_NAME = re.compile(r"(?<!\d)\d{4,7}(?!\d)")  # a shorter number is as likely data


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that lies elsewhere on each side, such as the project and the room of a replay."""

    name: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Days:
    """The days, both included, that a clock could show while a run went on, in any time zone."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Masks:
    """What may be masked, beside the known volatile tokens.

    `days` holds those of either run: a date outside them is data and never masked; none given,
    every date may be a clock's. `identifiers` lets a UUID be masked. `pids` are the processes of
    the left run and those of the right; `spans` say when each went on.
    """

    places: tuple[Place, ...] = ()
    days: tuple[Days, ...] = ()
    identifiers: bool = False
    pids: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())
    spans: tuple[Span | None, Span | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Masked:
    """A text after masking, and the names of the masks that hid something, each once."""

    text: str
    by: tuple[str, ...] = ()

    def is_like(self, other: "Masked") -> bool:
        """Say whether both are equal after masking; a mask that a program wrote itself is none."""
        return self.text == other.text and set(self.by) == set(other.by)


@dataclass(frozen=True, slots=True)
class Masker:
    """The masks as they hold for one side."""

    folders: tuple[tuple[str, str], ...]  # (name, path), the longest path first
    masks: Masks
    pids: frozenset[int] = frozenset()

    def text(self, text: str) -> Masked:
        """Mask one line of console text."""
        patterns = IN_TEXT + (UUID if self.masks.identifiers else ())
        return _masked(text, (*self._folder_patterns(), *patterns), self.masks.days)

    def name(self, path: str, *, random: bool = False) -> Masked:
        """Mask the path of an output; `random` for files whose bytes are known to be the same."""
        ids = RANDOM_IDS if random else UUID if self.masks.identifiers else ()
        masked = _masked(path, (*self._folder_patterns(), *IN_NAMES, *ids), self.masks.days)
        return self._without_pids(masked) if random else masked

    def places(self, text: str) -> Masked:
        """Mask nothing but the folders that the caller named."""
        return _masked(text, self._folder_patterns(), ())

    def _without_pids(self, masked: Masked) -> Masked:
        def hidden(found: re.Match[str]) -> str:
            own = int(found.group()) in self.pids
            return f"{OPEN}{PROCESS_ID}{CLOSE}" if own else found.group()

        text = _IN_A_NAME.sub(hidden, masked.text) if self.pids else masked.text
        return masked if text == masked.text else Masked(text, (*masked.by, PROCESS_ID))

    def _folder_patterns(self) -> tuple[Pattern, ...]:
        return _folder_patterns(self.folders)


def maskers(masks: Masks) -> tuple[Masker, Masker]:
    """Return the masker of the left side and that of the right."""
    moved = {place.left for place in masks.places if place.left != place.right}
    places = [
        place for place in masks.places if place.left != place.right or place.left in moved
    ]  # a folder that lies in one place needs no mask
    left, right = masks.pids
    return (
        _masker(masks, tuple((place.name, place.left) for place in places), left),
        _masker(masks, tuple((place.name, place.right) for place in places), right),
    )


def _masker(masks: Masks, folders: tuple[tuple[str, str], ...], pids: frozenset[int]) -> Masker:
    known = [(name, path.rstrip("/")) for name, path in folders]
    longest_first = sorted(
        ((name, path) for name, path in known if "/" in path),
        key=lambda folder: (-len(folder[1]), folder),
    )
    return Masker(tuple(longest_first), masks, pids)


@lru_cache(maxsize=16)
def _folder_patterns(folders: tuple[tuple[str, str], ...]) -> tuple[Pattern, ...]:
    return tuple(
        Pattern(f"path of the {name}", re.compile(rf"(?<![\w/.-]){re.escape(path)}(?![\w-]|\.\w)"))
        for name, path in folders
    )


def _masked(text: str, patterns: tuple[Pattern, ...], days: tuple[Days, ...]) -> Masked:
    if OPEN in text or CLOSE in text:
        return Masked(text)
    by: dict[str, None] = {}
    for pattern in patterns:
        if not any(hint in text for hint in pattern.hints):
            continue
        masked = pattern.expression.sub(partial(_hidden, pattern, days), text)
        if masked != text:
            by[pattern.name] = None
        text = masked
    return Masked(text, tuple(by))


def _hidden(pattern: Pattern, days: tuple[Days, ...], found: re.Match[str]) -> str:
    whole = found.group()
    if not _could_be_now(whole, days):
        return whole
    token = f"{OPEN}{pattern.name}{CLOSE}"
    if "token" not in pattern.expression.groupindex:
        return token
    start, end = (at - found.start() for at in found.span("token"))
    return whole[:start] + token + whole[end:]


def _could_be_now(token: str, days: tuple[Days, ...]) -> bool:
    """Say whether a date in `token`, if there is one, is among `days`; none given, it may be."""
    if not days:
        return True
    if found := _DAY.match(token) or _WRITTEN.match(token):
        try:
            day = date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            return False
    elif found := _SECONDS.search(token):
        day = _FIRST_DAY + timedelta(seconds=int(found[1]))
    else:
        return True
    return any(span.first <= day <= span.last for span in days)


def unmarked(text: str) -> str:
    """Return masked text as it is shown: `<time>` for a time."""
    return text.replace(OPEN, "<").replace(CLOSE, ">")
