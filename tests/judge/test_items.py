"""What there is to judge is what either side has; outputs find their other side."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from anew.judge.items import Seen, union
from anew.judge.masks import Masks, Place
from anew.judge.matching import match_outputs
from anew.model.digest import digest_bytes
from anew.model.inputs import Kept
from anew.model.metric import Metric
from anew.model.record import Outcome, Output, Status, Stream
from anew.model.tree import Listing
from anew.model.verdict import Answer, ItemKind

NONE = Listing(digest_bytes(b"[]"), 0)
OUTCOME = Outcome(Status.FINISHED, 0, None, 0, 0, 0, NONE, NONE)
METRIC = Metric("loss", 1, "0.5", "0.5", "0.5", digest_bytes(b"p"))
MASKS = Masks((Place("project", "/home/u/proj", "/rooms/r1"),))


def output(path: str, content: bytes = b"x") -> Output:
    return Output(path, digest_bytes(content), len(content), Kept.VALUE)


def stream(name: str, content: bytes) -> Stream:
    return Stream(name, digest_bytes(content), len(content), Kept.VALUE)


def test_union_holds_metrics_outputs_console_and_exit_of_both_sides() -> None:
    left = replace(OUTCOME, console=(stream("stdout", b"a"), stream("stderr", b"")))
    right = replace(OUTCOME, exit_code=None, signal=9, console=(stream("stderr", b""),))

    pairs = union(Seen(left, (METRIC,), ()), Seen(right, (), (output("a"),)), MASKS)

    assert {(pair.kind, pair.name): (pair.left, pair.right) for pair in pairs} == {
        (ItemKind.EXIT, "status"): ("exit code 0", "signal 9"),
        (ItemKind.METRIC, "loss"): (METRIC, None),
        (ItemKind.OUTPUT, "a"): (None, output("a")),
        (ItemKind.CONSOLE, "stdout"): (stream("stdout", b"a"), None),
    }


def test_union_of_two_sides_nobody_saw_is_empty() -> None:
    unseen = Seen(replace(OUTCOME, exit_code=None), (), ())

    assert union(unseen, unseen, MASKS) == ()


def test_empty_stream_beside_one_that_says_something_is_judged() -> None:
    left = Seen(replace(OUTCOME, console=(stream("stdout", b""),)), (), ())
    right = Seen(replace(OUTCOME, console=(stream("stdout", b"a"),)), (), ())

    assert len(union(left, right, MASKS)) == 2


def test_file_that_one_side_deleted_is_judged() -> None:
    left = Seen(replace(OUTCOME, deleted=("a", "b", "c")), (), ())
    right = Seen(replace(OUTCOME, deleted=("a",)), (), (output("b"),))

    found = {pair.name: (pair.left, pair.right) for pair in union(left, right, MASKS)}
    assert found == {
        "status": ("exit code 0", "exit code 0"),
        "b": ("deleted", output("b")),
        "c": ("deleted", None),
    }


def matched(left: list[Output], right: list[Output]) -> set[tuple[str | None, str | None, Answer]]:
    return {
        (m.left.path if m.left else None, m.right.path if m.right else None, m.name.answer)
        for m in match_outputs(left, right, MASKS)
    }


def test_same_name_comes_first() -> None:
    left, right = [output("a", b"1"), output("b", b"2")], [output("a", b"2"), output("b", b"1")]

    assert matched(left, right) == {("a", "a", Answer.IDENTICAL), ("b", "b", Answer.IDENTICAL)}


def test_same_bytes_under_a_name_a_clock_changed_are_equivalent_in_name() -> None:
    left, right = [output("m_20240501_123456.pt")], [output("m_20240502_010101.pt")]

    assert matched(left, right) == {
        ("m_20240501_123456.pt", "m_20240502_010101.pt", Answer.EQUIVALENT)
    }


def test_other_bytes_under_a_name_a_clock_changed_belong_together() -> None:
    left, right = [output("m_20240501_123456.pt")], [output("m_20240502_010101.pt", b"y")]

    assert matched(left, right) == {
        ("m_20240501_123456.pt", "m_20240502_010101.pt", Answer.EQUIVALENT)
    }


def test_same_bytes_under_another_name_belong_together_and_diverge() -> None:
    assert matched([output("seed1.json")], [output("seed2.json")]) == {
        ("seed1.json", "seed2.json", Answer.DIVERGED)
    }


def test_random_name_is_masked_only_where_the_bytes_are_the_same() -> None:
    left, right = "run-0a1b2c3d/m.pt", "run-9f8e7d6c/m.pt"

    assert matched([output(left)], [output(right)]) == {(left, right, Answer.EQUIVALENT)}
    assert matched([output(left)], [output(right, b"y")]) == {
        (left, None, Answer.IDENTICAL),
        (None, right, Answer.IDENTICAL),
    }


def test_empty_files_are_not_matched_by_content() -> None:
    assert len(match_outputs([output("a", b"")], [output("b", b"")], MASKS)) == 2


PATHS = st.sampled_from(
    ["a", "b", "log_20240501_123456", "log_20240502_123456", "x-0a1b2c3d", "x-0a1b2c3e"]
)
OUTPUTS = st.lists(
    st.builds(output, PATHS, st.sampled_from([b"", b"x", b"y"])), unique_by=lambda one: one.path
)


@given(OUTPUTS, OUTPUTS)
def test_every_output_of_either_side_is_judged_once(
    left: list[Output], right: list[Output]
) -> None:
    found = match_outputs(left, right, MASKS)

    assert sorted(m.left.path for m in found if m.left) == sorted(one.path for one in left)
    assert sorted(m.right.path for m in found if m.right) == sorted(one.path for one in right)
    for match in found:
        if match.left and match.right and match.left.path != match.right.path:
            assert match.name.answer is not Answer.IDENTICAL
            assert match.name.difference
