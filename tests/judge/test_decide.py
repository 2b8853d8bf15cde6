"""A verdict comes from the items judged, never from the absence of differences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from anew.judge.decide import at_once, decide, item, whole
from anew.judge.finding import IDENTICAL, WORST_LAST, Finding
from anew.judge.items import UNSEEN, Pair, Side
from anew.judge.masks import Masks, Place
from anew.model.digest import digest_bytes
from anew.model.inputs import FileKind, Kept
from anew.model.metric import Metric
from anew.model.record import Outcome, Output, Status, Stream
from anew.model.tree import Listing
from anew.model.verdict import Answer, Item, ItemKind

NONE = Listing(digest_bytes(b"[]"), 0)
OUTCOME = Outcome(Status.FINISHED, 0, None, 0, 0, 0, NONE, NONE)
FILE = Output("a", digest_bytes(b"x"), 1, Kept.VALUE)
STREAM = Stream("stdout", digest_bytes(b"x"), 1, Kept.VALUE)
METRIC = Metric("loss", 1, "0.5", "0.5", "0.5", digest_bytes(b"p"))
MASKS = Masks((Place("project", "/home/u/proj", "/rooms/r1"),))
SAME = Item(ItemKind.OUTPUT, "a", Answer.IDENTICAL, "1 B", "1 B")
EXIT = Item(ItemKind.EXIT, "status", Answer.IDENTICAL, "exit code 0", "exit code 0")
ANSWERS = st.sampled_from([answer for answer in Answer if answer is not Answer.NOT_REPLAYED])
ITEMS = st.lists(
    st.builds(Item, st.sampled_from(ItemKind), st.text(), ANSWERS, st.none(), st.none())
)


def judge(left: Side | None, right: Side | None) -> Answer | None:
    there = at_once(Pair(ItemKind.OUTPUT, "a", right, left), MASKS)
    here = at_once(Pair(ItemKind.OUTPUT, "a", left, right), MASKS)
    assert (here and here.answer) == (there and there.answer)
    return here and here.answer


def test_no_items_is_inconclusive() -> None:
    verdict = whole(())

    assert verdict.answer is Answer.INCONCLUSIVE
    assert verdict.reason == "there is nothing to compare"


def test_exit_status_alone_proves_nothing() -> None:
    verdict = whole((EXIT,))

    assert verdict.answer is Answer.INCONCLUSIVE
    assert "only the exit status" in verdict.reason
    assert whole((EXIT, SAME)).answer is Answer.IDENTICAL


@pytest.mark.parametrize("side", [FILE, STREAM, METRIC, "deleted"])
def test_item_on_one_side_only_is_diverged(side: Side) -> None:
    assert judge(side, None) is Answer.DIVERGED


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (FILE, FILE, Answer.IDENTICAL),
        (FILE, replace(FILE, digest=digest_bytes(b"y")), None),
        (FILE, replace(FILE, digest=None), Answer.INCONCLUSIVE),
        (replace(FILE, digest=None), replace(FILE, digest=None), Answer.INCONCLUSIVE),
        (FILE, replace(FILE, size=2), Answer.INCONCLUSIVE),
        (FILE, replace(FILE, executable=True), Answer.DIVERGED),
        (FILE, replace(FILE, kind=FileKind.LINK, target="b"), Answer.DIVERGED),
        (FILE, "deleted", Answer.DIVERGED),
        (FILE, STREAM, Answer.DIVERGED),
        (STREAM, STREAM, Answer.IDENTICAL),
        (STREAM, replace(STREAM, digest=None), Answer.INCONCLUSIVE),
        (METRIC, METRIC, Answer.IDENTICAL),
        (METRIC, replace(METRIC, times=digest_bytes(b"t")), Answer.IDENTICAL),
        (METRIC, replace(METRIC, points=digest_bytes(b"q")), None),
        (METRIC, replace(METRIC, count=2), None),
        (replace(METRIC, count=0), replace(METRIC, count=0), Answer.INCONCLUSIVE),
        ("exit code 0", "exit code 0", Answer.IDENTICAL),
        ("exit code 0", "signal 9", Answer.DIVERGED),
        ("exit code 0", UNSEEN, Answer.INCONCLUSIVE),
    ],
)
def test_what_needs_no_reading_is_judged_at_once(
    left: Side, right: Side, expected: Answer | None
) -> None:
    assert judge(left, right) is expected


def test_links_are_judged_by_where_they_lead() -> None:
    def link(target: str | None) -> Output:
        return Output("a", None, 0, Kept.VALUE, FileKind.LINK, target)

    assert judge(link("b"), link("b")) is Answer.IDENTICAL
    assert judge(link("b"), link("c")) is Answer.DIVERGED
    assert judge(link(None), link(None)) is Answer.INCONCLUSIVE
    pair = Pair(ItemKind.OUTPUT, "a", link("/home/u/proj/b"), link("/rooms/r1/b"))
    found = at_once(pair, MASKS)
    assert found is not None
    assert found.answer is Answer.EQUIVALENT


def test_item_under_a_masked_name_is_never_identical() -> None:
    naming = Finding(Answer.EQUIVALENT, "named a1 and a2, equal without: time")
    found = item(Pair(ItemKind.OUTPUT, "a1", FILE, FILE, naming), IDENTICAL)

    assert (found.verdict, found.difference) == (Answer.EQUIVALENT, naming.difference)


@pytest.mark.parametrize("status", [Status.RUNNING, Status.INCOMPLETE, Status.INTERRUPTED])
def test_run_that_is_not_whole_is_at_best_inconclusive(status: Status) -> None:
    other = replace(OUTCOME, status=status)
    worse = replace(SAME, verdict=Answer.DIVERGED, difference="x")

    assert decide(OUTCOME, OUTCOME, (SAME,)).answer is Answer.IDENTICAL
    for left, right in ((OUTCOME, other), (other, OUTCOME)):
        assert decide(left, right, (SAME,)).answer is Answer.INCONCLUSIVE
        assert decide(left, right, (worse,)).answer is Answer.DIVERGED


def test_reason_counts_the_items_that_decided() -> None:
    worse = replace(SAME, name="b", verdict=Answer.DIVERGED, difference="1 of 2 lines differ")

    assert whole((EXIT, SAME, worse)).reason == (
        "1 of 2 outputs diverged; first output b: 1 of 2 lines differ"
    )


@given(ITEMS, ITEMS)
def test_more_evidence_never_betters_a_verdict(some: list[Item], more: list[Item]) -> None:
    if any(one.kind is not ItemKind.EXIT for one in some):
        fewer, all_ = whole(tuple(some)), whole((*some, *more))
        assert WORST_LAST.index(all_.answer) >= WORST_LAST.index(fewer.answer)


@given(ITEMS)
def test_identical_needs_more_than_an_exit_and_all_of_it_identical(items: list[Item]) -> None:
    more_than_exit = any(one.kind is not ItemKind.EXIT for one in items)
    expected = more_than_exit and all(one.verdict is Answer.IDENTICAL for one in items)

    assert (whole(tuple(items)).answer is Answer.IDENTICAL) is expected
