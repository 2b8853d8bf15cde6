"""Diff: sets two outcomes side by side and judges each item, reading only what differs."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from anew.formats import registry as formats
from anew.formats.fast import compare_arrays
from anew.judge.decide import at_once, decide, item
from anew.judge.finding import Finding
from anew.judge.items import Pair, Seen, union
from anew.judge.lines import compare_lines
from anew.judge.masks import Days, Masks, Place
from anew.judge.moved import with_moved
from anew.judge.own_times import Span
from anew.judge.raw import compare_bytes, other_bytes
from anew.judge.readings import Means, compare_readings
from anew.judge.series import Point, compare_series
from anew.judge.tolerance_text import rule_for, tolerance_for
from anew.model.digest import Digest
from anew.model.errors import DamagedObject, MissingObject
from anew.model.metric import Metric
from anew.model.processes import Process
from anew.model.reading import Reading, Unread
from anew.model.record import Outcome, Output, Record, Stream
from anew.model.tolerance import Exact, Tolerances
from anew.model.verdict import Answer, Item, Verdict
from anew.store.listings import read_listing
from anew.store.protocol import Store
from anew.verbs.diff_recipes import circumstance_differences, code_diff, recipe_differences

__all__ = [
    "circumstance_differences",
    "code_diff",
    "judge_outcomes",
    "masks_between",
    "recipe_differences",
]

MOST_TEXT = 64 << 20  # bytes of a stream that is compared line by line
MOST_PIDS = 200  # processes of a run whose ids may be masked
PIECE = 1 << 20
TIME_ZONES = timedelta(hours=14)  # the farthest a local clock is from UTC


def judge_outcomes(
    left: Outcome, right: Outcome, store: Store, tolerances: Tolerances, masks: Masks
) -> Verdict:
    """Judge what two runs produced, item by item; `left` is the one that is to be met.

    Raises:
        MissingObject: the list of metrics or outputs of a run is not in the store.
        DamagedObject: it is there and cannot be read.
    """
    pairs = union(_seen(left, store), _seen(right, store), masks)
    masks = with_moved(masks, pairs)
    items = tuple(_item(pair, store, tolerances, masks) for pair in pairs)
    return decide(left, right, items)


def masks_between(
    left: Record, right: Record, store: Store, places: tuple[Place, ...] = ()
) -> Masks:
    """Return the masks for two runs: dates are masked only where one of them went on then.

    `places` are folders beside the two projects, such as the room of a replay.
    """
    projects = Place("project", left.project, right.project)
    days = tuple(span for record in (left, right) if (span := _days(record)) is not None)
    return Masks(
        places=(projects, *places),
        days=days if len(days) == 2 else (),
        pids=(_pids(left, store), _pids(right, store)),
        spans=(_span(left), _span(right)),
    )


def _span(record: Record) -> Span | None:
    try:
        start = datetime.fromisoformat(record.circumstances.started_at).timestamp()
    except (ValueError, OverflowError):
        return None
    return Span(start, start + record.outcome.duration / 1e6)


def _pids(record: Record, store: Store) -> frozenset[int]:
    """Return the processes of a run, unless they are so many that data may hit one by chance."""
    if record.processes is None or record.processes.ran.count > MOST_PIDS:
        return frozenset()
    try:
        ran = tuple(read_listing(store, record.processes.ran, Process))
    except (MissingObject, DamagedObject):
        return frozenset()
    return frozenset(process.pid for process in ran)


def _days(record: Record) -> Days | None:
    try:
        start = datetime.fromisoformat(record.circumstances.started_at)
        end = start + timedelta(microseconds=record.outcome.duration)
        if start.tzinfo:
            start, end = start.astimezone(UTC), end.astimezone(UTC)
        return Days((start - TIME_ZONES).date(), (end + TIME_ZONES).date())
    except (ValueError, OverflowError):
        return None


def _seen(outcome: Outcome, store: Store) -> Seen:
    return Seen(
        outcome,
        tuple(read_listing(store, outcome.metrics, Metric)),
        tuple(read_listing(store, outcome.outputs, Output)),
    )


def _item(pair: Pair, store: Store, tolerances: Tolerances, masks: Masks) -> Item:
    found = at_once(pair, masks)
    if found is None:
        try:
            found = _contents(pair, store, tolerances, masks)
        except MissingObject:
            found = _not_kept(pair)
        except DamagedObject as error:
            found = Finding(Answer.INCONCLUSIVE, f"{error.what}, cannot be compared")
    return item(pair, found)


def _contents(pair: Pair, store: Store, tolerances: Tolerances, masks: Masks) -> Finding:
    match pair.left, pair.right:
        case Metric() as left, Metric() as right:
            tolerance = tolerance_for(pair.name, tolerances)
            return compare_series(_points(left, store), _points(right, store), tolerance)
        case Stream() as left, Stream() as right:
            return _streams(left, right, store, tolerances, masks)
        case Output() as left, Output() as right:
            means = Means(
                tolerance_for(pair.name, tolerances),
                rule_for(pair.name, tolerances) or Exact(),
                masks,
                compare_arrays,
            )
            return _files(left, right, store, means)
        case _:
            return Finding(Answer.INCONCLUSIVE, "two kinds of content")


def _points(metric: Metric, store: Store) -> list[Point]:
    try:
        rows = json.loads(store.read(metric.points))
        points = [Point(json.dumps(step), str(value)) for step, value in rows]
    except (ValueError, TypeError, RecursionError) as error:
        raise _damaged(metric.points, str(error)) from error
    if len(points) != metric.count:
        raise _damaged(metric.points, f"it has {len(points)} points and not {metric.count}")
    return points


def _damaged(digest: Digest, why: str) -> DamagedObject:
    return DamagedObject(f"object `{digest}` holds no such series", why=why)


def _streams(
    left: Stream, right: Stream, store: Store, tolerances: Tolerances, masks: Masks
) -> Finding:
    assert left.digest
    assert right.digest
    if max(left.size, right.size) > MOST_TEXT:
        found = _by_bytes(left.digest, right.digest, (left.size, right.size), store)
        return _unread("too large to compare line by line", found)
    here, there = (
        store.read(digest).decode("utf-8", "surrogateescape")
        for digest in (left.digest, right.digest)
    )
    return compare_lines(here, there, tolerance_for(left.name, tolerances), masks)


def _files(left: Output, right: Output, store: Store, means: Means) -> Finding:
    assert left.digest
    assert right.digest
    sizes = left.size, right.size
    if max(sizes) > formats.MOST:
        found = _by_bytes(left.digest, right.digest, sizes, store)
        if formats.may_have_reader(left.path) or formats.may_have_reader(right.path):
            return _unread("too large to compare as numbers", found)
        return found
    here = formats.read(left.path, store.read(left.digest))
    there = formats.read(right.path, store.read(right.digest))
    match here, there:
        case Reading(), Reading():
            return compare_readings(here, there, means)
        case (Reading(), None) | (None, Reading()):
            side, reading = ("left", here) if there is None else ("right", there)
            form = reading.format if isinstance(reading, Reading) else ""
            found = _by_bytes(left.digest, right.digest, sizes, store)
            return Finding(found.answer, f"{form} on the {side} only; {found.difference}")
        case None, None:
            return _by_bytes(left.digest, right.digest, sizes, store)
        case _:
            why = next(side.why for side in (here, there) if isinstance(side, Unread))
            return _unread(why, _by_bytes(left.digest, right.digest, sizes, store))


def _unread(why: str, found: Finding) -> Finding:
    """Return that two files differ, and that nobody can say whether it matters."""
    return Finding(Answer.INCONCLUSIVE, f"{why}; {found.difference}")


def _by_bytes(left: Digest, right: Digest, sizes: tuple[int, int], store: Store) -> Finding:
    with store.open(left) as here, store.open(right) as there:
        return compare_bytes(_pieces(here), _pieces(there), sizes)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    """Yield pieces of one length, the last one shorter, however the stream hands them out."""
    rest = b""
    while read := stream.read(PIECE):
        rest += read
        while len(rest) >= PIECE:
            yield rest[:PIECE]
            rest = rest[PIECE:]
    if rest:
        yield rest


def _not_kept(pair: Pair) -> Finding:
    """Judge a pair whose bytes are known to differ, and not kept on both sides."""
    match pair.left, pair.right:
        case Output() as left, Output() as right:
            said = other_bytes((left.size, right.size))
            if not (formats.may_have_reader(left.path) or formats.may_have_reader(right.path)):
                return Finding(Answer.DIVERGED, said)
            why = "which are not kept and cannot be compared as numbers"
            return Finding(Answer.INCONCLUSIVE, f"{said}, {why}")
        case _:
            return Finding(Answer.INCONCLUSIVE, "differs, and what it held is not kept")
