"""Item, Verdict (identical, equivalent, diverged, inconclusive, not replayed)."""

from enum import StrEnum

from msgspec import Struct


class Answer(StrEnum):
    """What two runs, or one item of both, are to each other."""

    IDENTICAL = "identical"
    EQUIVALENT = "equivalent"
    DIVERGED = "diverged"
    INCONCLUSIVE = "inconclusive"
    NOT_REPLAYED = "not replayed"


class ItemKind(StrEnum):
    """What can be judged."""

    METRIC = "metric"
    OUTPUT = "output"
    EXIT = "exit"
    CONSOLE = "console"
    TRACE = "trace"


class Item(Struct, frozen=True):
    """One thing judged. `left` and `right` are None on the side that lacks it.

    `difference` holds the first difference, what made the two equivalent, or why they could not
    be compared; it is empty where they are identical.
    """

    kind: ItemKind
    name: str
    verdict: Answer
    left: str | None
    right: str | None
    difference: str = ""


class Verdict(Struct, frozen=True):
    """The answer, every item it rests on, and the reason where the items do not say it.

    `room` says by what the replay was shut off from all but the record; empty where it was not.
    """

    answer: Answer
    items: tuple[Item, ...]
    reason: str = ""
    room: str = ""
