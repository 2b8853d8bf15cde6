"""Pairs to items, and items to a Verdict with its reason; no items is inconclusive."""

from collections import Counter

from anew.judge.finding import IDENTICAL, Finding, both, worst
from anew.judge.items import UNSEEN, Pair, Side, alone
from anew.judge.masks import Masks, maskers
from anew.model.inputs import FileKind
from anew.model.metric import Metric
from anew.model.record import Outcome, Output, Status, Stream
from anew.model.verdict import Answer, Item, ItemKind, Verdict

NOT_WHOLE = {
    Status.RUNNING: "had not ended when it was judged",
    Status.INCOMPLETE: "has a record that could not hold all it should",
    Status.INTERRUPTED: "was interrupted before its end",
}
UNREAD = "its bytes were not captured"


def at_once(pair: Pair, masks: Masks) -> Finding | None:
    """Judge a pair by what is known without its content; None where the content has to be read.

    Identical here means the same digest of all bytes.
    """
    found = alone(pair)
    if found:
        return found
    match pair.left, pair.right:
        case Metric() as left, Metric() as right:
            return _by_digest_of_points(left, right)
        case Output() as left, Output() as right:
            return _outputs(left, right, masks)
        case Stream() as left, Stream() as right:
            return _by_digest(left, right)
        case str() as here, str() as there:
            return _endings(here, there)
        case _:
            return Finding(Answer.DIVERGED, f"{said(pair.left)} and {said(pair.right)}")


def _by_digest_of_points(left: Metric, right: Metric) -> Finding | None:
    if not left.count and not right.count:
        return Finding(Answer.INCONCLUSIVE, "no value on either side")
    return IDENTICAL if (left.points, left.count) == (right.points, right.count) else None


def _outputs(left: Output, right: Output, masks: Masks) -> Finding | None:
    if left.kind is not right.kind:
        return Finding(Answer.DIVERGED, f"a {left.kind} and a {right.kind}")
    if left.kind is FileKind.LINK:
        return _links(left, right, masks)
    if left.executable is not right.executable:
        side = "left" if left.executable else "right"
        return Finding(Answer.DIVERGED, f"executable on the {side} only")
    return _by_digest(left, right)


def _links(left: Output, right: Output, masks: Masks) -> Finding:
    """Judge two links by where they lead; what lies there is an item of its own."""
    if not left.target or not right.target:
        return Finding(Answer.INCONCLUSIVE, "where it leads was not captured")
    if left.target == right.target:
        return IDENTICAL
    leads = f"links to {left.target} and {right.target}"
    here, there = (
        side.name(target)
        for side, target in zip(maskers(masks), (left.target, right.target), strict=True)
    )
    if not here.is_like(there):
        return Finding(Answer.DIVERGED, leads)
    by = sorted({*here.by, *there.by})
    return Finding(Answer.EQUIVALENT, f"{leads}, equal without: {', '.join(by)}")


def _by_digest(left: Output | Stream, right: Output | Stream) -> Finding | None:
    if left.digest is None or right.digest is None:
        return Finding(Answer.INCONCLUSIVE, UNREAD)
    if left.digest != right.digest:
        return None
    if left.size != right.size:
        return Finding(
            Answer.INCONCLUSIVE, "the records contradict themselves: one digest, two sizes"
        )
    return IDENTICAL


def _endings(left: str, right: str) -> Finding:
    if UNSEEN in (left, right):
        side = "left" if left == UNSEEN else "right"
        return Finding(Answer.INCONCLUSIVE, f"nobody saw how the {side} side ended")
    return IDENTICAL if left == right else Finding(Answer.DIVERGED, f"{left} and {right}")


def item(pair: Pair, content: Finding) -> Item:
    """Return the item of a pair from the finding about its content."""
    found = content if alone(pair) else both(pair.naming, content)
    return Item(
        pair.kind, pair.name, found.answer, said(pair.left), said(pair.right), found.difference
    )


def said(side: Side | None) -> str | None:
    """Return what one side shows, in a few words."""
    match side:
        case None:
            return None
        case Metric():
            return side.last if side.count else "no value"
        case Output(kind=FileKind.LINK):
            return f"link to {side.target}"
        case Output() | Stream():
            return f"{side.size:,} B, {side.digest or 'not captured'}"
        case str():
            return side


def decide(left: Outcome, right: Outcome, items: tuple[Item, ...]) -> Verdict:
    """Return the verdict of two outcomes: no better than inconclusive where one is not whole."""
    verdict = whole(items)
    for side, outcome in (("left", left), ("right", right)):
        why = NOT_WHOLE.get(outcome.status)
        if why and verdict.answer in (Answer.IDENTICAL, Answer.EQUIVALENT):
            return Verdict(Answer.INCONCLUSIVE, items, f"the run on the {side} {why}")
    return verdict


def whole(items: tuple[Item, ...]) -> Verdict:
    """Return the verdict that `items` support: that of the worst of them."""
    if not items:
        return Verdict(Answer.INCONCLUSIVE, (), "there is nothing to compare")
    answer = worst(item.verdict for item in items)
    same = answer in (Answer.IDENTICAL, Answer.EQUIVALENT)
    if same and all(item.kind is ItemKind.EXIT for item in items):
        reason = "only the exit status can be compared: no metric, output or console text"
        return Verdict(Answer.INCONCLUSIVE, items, reason)
    return Verdict(answer, items, _reason(items, answer))


def _reason(items: tuple[Item, ...], answer: Answer) -> str:
    """Name what the answer rests on, where it is not identical."""
    if answer is Answer.IDENTICAL:
        return ""
    found = [item for item in items if item.verdict is answer]
    counts, share = (Counter(one.kind for one in some) for some in (items, found))
    shares = (f"{share[kind]} of {counts[kind]} {_plural(kind, counts[kind])}" for kind in share)
    first = found[0]
    return f"{', '.join(shares)} {answer}; first {first.kind} {first.name}: {first.difference}"


def _plural(kind: ItemKind, count: int) -> str:
    names = {ItemKind.EXIT: "exit status", ItemKind.CONSOLE: "stream"}
    return names.get(kind, str(kind)) + ("" if count == 1 else "s")
