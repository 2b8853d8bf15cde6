"""The union of both sides: what there is to judge."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from anew.judge.finding import IDENTICAL, Finding
from anew.judge.masks import Masks
from anew.judge.matching import match_outputs
from anew.model.metric import Metric
from anew.model.record import Outcome, Output, Stream
from anew.model.verdict import Answer, ItemKind

EXIT = "status"
DELETED = "deleted"
UNSEEN = "not seen"

Side = Metric | Output | Stream | str


@dataclass(frozen=True, slots=True)
class Seen:
    """An outcome with its listings read."""

    outcome: Outcome
    metrics: Sequence[Metric]
    outputs: Sequence[Output]


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing to judge, as each side shows it; None on the side that lacks it.

    `name` is what the left side calls it where both have it; `naming` says what the two names are
    to each other.
    """

    kind: ItemKind
    name: str
    left: Side | None
    right: Side | None
    naming: Finding = IDENTICAL


def union(left: Seen, right: Seen, masks: Masks) -> tuple[Pair, ...]:
    """Pair each metric, output, stream and exit status that either side has."""
    return (
        *_exits(left.outcome, right.outcome),
        *_metrics(left.metrics, right.metrics),
        *_outputs(left, right, masks),
        *_streams(left.outcome.console, right.outcome.console),
    )


def _exits(left: Outcome, right: Outcome) -> Iterable[Pair]:
    here, there = ending(left), ending(right)
    if (here, there) != (UNSEEN, UNSEEN):
        yield Pair(ItemKind.EXIT, EXIT, here, there)


def ending(outcome: Outcome) -> str:
    """Return how a run ended, in words."""
    if outcome.signal is not None:
        return f"signal {outcome.signal}"
    return UNSEEN if outcome.exit_code is None else f"exit code {outcome.exit_code}"


def _metrics(left: Sequence[Metric], right: Sequence[Metric]) -> Iterable[Pair]:
    here, there = {one.name: one for one in left}, {one.name: one for one in right}
    for name in sorted(here.keys() | there.keys()):
        yield Pair(ItemKind.METRIC, name, here.get(name), there.get(name))


def _outputs(left: Seen, right: Seen, masks: Masks) -> Iterable[Pair]:
    """Pair outputs, and the files that one side deleted with what the other did to them."""
    gone, vanished = set(left.outcome.deleted), set(right.outcome.deleted)
    for match in match_outputs(left.outputs, right.outputs, masks):
        here: Side | None = match.left
        there: Side | None = match.right
        if match.left and not match.right and match.left.path in vanished:
            there = DELETED
        if match.right and not match.left and match.right.path in gone:
            here = DELETED
        one = match.left or match.right
        path = one.path if one else ""
        gone.discard(path)
        vanished.discard(path)
        yield Pair(ItemKind.OUTPUT, path, here, there, match.name)
    for path in sorted(gone ^ vanished):
        here, there = (DELETED if path in side else None for side in (gone, vanished))
        yield Pair(ItemKind.OUTPUT, path, here, there)


def _streams(left: Sequence[Stream], right: Sequence[Stream]) -> Iterable[Pair]:
    """Pair the streams that say something: two empty ones prove nothing."""
    here, there = {one.name: one for one in left}, {one.name: one for one in right}
    for name in sorted(here.keys() | there.keys()):
        pair = Pair(ItemKind.CONSOLE, name, here.get(name), there.get(name))
        sides = [side for side in (pair.left, pair.right) if isinstance(side, Stream)]
        if any(side.size or side.digest is None for side in sides):
            yield pair


def alone(pair: Pair) -> Finding | None:
    """Return what is to be said of a pair with one side only, None where there are two."""
    match pair.left, pair.right:
        case None, None:
            return Finding(Answer.INCONCLUSIVE, "on neither side")
        case None, side:
            return Finding(Answer.DIVERGED, _only(side, "right"))
        case side, None:
            return Finding(Answer.DIVERGED, _only(side, "left"))
        case _:
            return None


def _only(side: Side | None, where: str) -> str:
    return f"deleted on the {where} only" if side == DELETED else f"on the {where} side only"
