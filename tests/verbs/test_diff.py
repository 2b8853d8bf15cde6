"""Two outcomes side by side, and what their recipes do not share."""

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from anew.judge.differences import Difference
from anew.judge.masks import Masks, Place
from anew.judge.tolerance_text import parse_all
from anew.model.circumstances import Circumstances
from anew.model.digest import Digest, digest_bytes
from anew.model.inputs import (
    CodeFile,
    CodeState,
    Configuration,
    Environment,
    FileKind,
    Input,
    Kept,
    Package,
    Parameter,
    Seeds,
    Threads,
    Variable,
)
from anew.model.metric import Metric
from anew.model.recipe import Command, Recipe, Track
from anew.model.record import RECORD_SCHEMA, Coverage, Outcome, Output, Record, Status, Stream
from anew.model.tree import Listing
from anew.model.verdict import Answer, Item, Verdict
from anew.store.listings import write_listing
from anew.store.memory import MemoryStore
from anew.verbs import diff
from anew.verbs.diff import (
    circumstance_differences,
    code_diff,
    judge_outcomes,
    masks_between,
    recipe_differences,
)

MASKS = Masks((Place("project", "/home/u/proj", "/rooms/r1"),))


class Bench:
    """A store, and what outcomes and recipes need to be put into it."""

    def __init__(self) -> None:
        self.store = MemoryStore()

    def add(self, data: bytes) -> Digest:
        batch = self.store.begin()
        digest = batch.add(data)
        batch.commit()
        return digest

    def listing(self, entries: list[object]) -> Listing:
        batch = self.store.begin()
        listing = write_listing(
            batch, entries, lambda e: getattr(e, "name", "") or getattr(e, "path", "")
        )
        batch.commit()
        return listing

    def outcome(
        self,
        *,
        metrics: dict[str, list[float]] | None = None,
        files: dict[str, bytes] | None = None,
        console: str = "",
        keep: bool = True,
    ) -> Outcome:
        put = self.add if keep else digest_bytes
        return Outcome(
            Status.FINISHED, 0, None, 0, 0, 0,
            self.listing([self.metric(name, values) for name, values in (metrics or {}).items()]),
            self.listing([Output(path, put(data), len(data), Kept.VALUE) for path, data in (files or {}).items()]),
            (Stream("stdout", put(console.encode()), len(console.encode()), Kept.VALUE),),
        )  # fmt: skip

    def metric(self, name: str, values: list[float]) -> Metric:
        points = json.dumps([[step, repr(value)] for step, value in enumerate(values)])
        last = repr(values[-1]) if values else ""
        return Metric(name, len(values), last, last, last, self.add(points.encode()))

    def judge(self, left: Outcome, right: Outcome, *tolerances: str) -> Verdict:
        there = judge_outcomes(right, left, self.store, parse_all(tolerances), MASKS)
        here = judge_outcomes(left, right, self.store, parse_all(tolerances), MASKS)
        if not any("proj" in item.difference for item in (*here.items, *there.items)):
            assert here.answer is there.answer
        return here


@pytest.fixture
def bench() -> Bench:
    return Bench()


def only(verdict: Verdict, name: str) -> Item:
    (item,) = (item for item in verdict.items if item.name == name)
    return item


def test_same_outcome_is_identical_and_nothing_is_read(bench: Bench) -> None:
    outcome = bench.outcome(metrics={"loss": [0.5]}, files={"a": b"x"}, console="a", keep=False)

    verdict = bench.judge(outcome, outcome)

    assert verdict.answer is Answer.IDENTICAL
    assert [item.name for item in verdict.items] == ["status", "loss", "a", "stdout"]


def test_exit_status_and_empty_streams_alone_are_inconclusive(bench: Bench) -> None:
    assert bench.judge(bench.outcome(), bench.outcome()).answer is Answer.INCONCLUSIVE


def test_metric_is_compared_point_by_point_with_its_own_tolerance(bench: Bench) -> None:
    left = bench.outcome(metrics={"loss": [0.5, 0.4], "acc": [0.9]})
    right = bench.outcome(metrics={"loss": [0.5, 0.41], "acc": [0.9]})

    verdict = bench.judge(left, right)
    assert verdict.answer is Answer.DIVERGED
    assert only(verdict, "loss").difference == (
        "1 of 2 points differ, first at step 1: 0.4 and 0.41"
    )
    assert (only(verdict, "loss").left, only(verdict, "loss").right) == ("0.4", "0.41")
    assert only(verdict, "acc").verdict is Answer.IDENTICAL
    assert bench.judge(left, right, "loss:abs=0.02").answer is Answer.EQUIVALENT
    assert bench.judge(left, right, "acc:abs=0.02").answer is Answer.DIVERGED


def test_metric_that_looks_like_a_duration_is_never_masked(bench: Bench) -> None:
    left = bench.outcome(metrics={"time_to_target": [12.3]}, console="time_to_target 12.3\n")
    right = bench.outcome(metrics={"time_to_target": [12.4]}, console="time_to_target 12.4\n")

    verdict = bench.judge(left, right)
    assert only(verdict, "time_to_target").verdict is Answer.DIVERGED
    assert only(verdict, "stdout").verdict is Answer.DIVERGED


def test_console_equal_after_masking_is_equivalent_and_names_the_mask(bench: Bench) -> None:
    left = bench.outcome(console="12:34:56 loss 0.5\nsaved /home/u/proj/a\n")
    right = bench.outcome(console="12:35:00 loss 0.5\nsaved /rooms/r1/a\n")

    verdict = judge_outcomes(left, right, bench.store, parse_all(()), MASKS)
    assert verdict.answer is Answer.EQUIVALENT
    assert only(verdict, "stdout").difference == (
        "2 of 3 lines differ: equal without: path of the project, time"
    )


def test_file_no_reader_knows_says_where_its_bytes_differ(bench: Bench) -> None:
    left, right = (
        bench.outcome(files={"a.bin": b"\0" * 9}),
        bench.outcome(files={"a.bin": b"\0" * 8 + b"\1"}),
    )

    item = only(bench.judge(left, right), "a.bin")
    assert item.verdict is Answer.DIVERGED
    assert item.difference == "other bytes, 9 B on both sides, first at byte 8"


def test_truncated_file_is_diverged(bench: Bench) -> None:
    left = bench.outcome(files={"a.json": b'{"a": [1, 2]}', "b.npy": b"\x93NUMPY"})
    right = bench.outcome(files={"a.json": b'{"a": [1, 2', "b.npy": b"\x93NUMP"})

    verdict = bench.judge(left, right, "rel=0.5")
    assert only(verdict, "a.json").verdict is Answer.DIVERGED
    assert only(verdict, "a.json").difference.startswith("JSON on the left only")
    assert only(verdict, "b.npy").verdict is Answer.DIVERGED


def test_file_that_is_not_kept_and_differs_is_never_equivalent(bench: Bench) -> None:
    files = {"a.json": b"[0.5]", "a.pkl": b"1"}, {"a.json": b"[0.6]", "a.pkl": b"2"}
    left, right = (bench.outcome(files=side, keep=False) for side in files)

    verdict = bench.judge(left, right, "rel=0.5")
    assert only(verdict, "a.json").verdict is Answer.INCONCLUSIVE
    assert "not kept" in only(verdict, "a.json").difference
    assert only(verdict, "a.pkl").verdict is Answer.DIVERGED


def test_object_that_is_damaged_is_inconclusive(bench: Bench) -> None:
    left, right = bench.outcome(metrics={"loss": [0.5]}), bench.outcome(metrics={"loss": [0.6]})
    for digest, data in bench.store.objects.items():
        if data == b'[[0, "0.6"]]':
            bench.store.objects[digest] = b'[[0, "0.5"]]'

    assert only(bench.judge(left, right), "loss").verdict is Answer.INCONCLUSIVE


@pytest.mark.parametrize("points", [b"{}", b"[[0]]", b"[1]", b"nonsense", b'[[0, "1"], [1, "1"]]'])
def test_series_that_cannot_be_read_is_inconclusive(bench: Bench, points: bytes) -> None:
    left = bench.outcome(metrics={"loss": [0.5]})
    spoiled = replace(bench.metric("loss", [0.5]), points=bench.add(points))
    right = replace(left, metrics=bench.listing([spoiled]))

    assert only(bench.judge(left, right), "loss").verdict is Answer.INCONCLUSIVE


def test_file_too_large_to_read_is_inconclusive_where_it_has_a_reader(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anew.formats.registry.MOST", 3)
    monkeypatch.setattr(diff, "MOST_TEXT", 3)
    left = bench.outcome(files={"a.json": b"[0.5]", "a.pkl": b"abcd"}, console="a 0.5")
    right = bench.outcome(files={"a.json": b"[0.6]", "a.pkl": b"abce"}, console="a 0.6")

    verdict = bench.judge(left, right)
    assert only(verdict, "a.json").verdict is Answer.INCONCLUSIVE
    assert "first at byte 3" in only(verdict, "a.json").difference
    assert only(verdict, "a.pkl").verdict is Answer.DIVERGED
    assert only(verdict, "stdout").verdict is Answer.INCONCLUSIVE


def test_renamed_file_with_other_content_is_judged_as_one_item(bench: Bench) -> None:
    left = bench.outcome(files={"log_20240501_123456.json": b"[0.50]"})
    right = bench.outcome(files={"log_20240502_123456.json": b"[0.51]"})

    assert bench.judge(left, right).answer is Answer.DIVERGED
    verdict = bench.judge(left, right, "rel=0.1")
    item = only(verdict, "log_20240501_123456.json")
    assert verdict.answer is Answer.EQUIVALENT
    assert "log_20240502_123456.json" in item.difference
    assert "rel=0.1" in item.difference


CONTENTS = st.dictionaries(
    st.sampled_from(["a.txt", "b.json", "c_20240501_123456.txt", "c_20240502_123456.txt"]),
    st.sampled_from([b"", b"[0.5]", b"[0.51]", b"12:34:56", b"12:34:57"]),
    max_size=3,
)
METRICS = st.dictionaries(st.just("loss"), st.sampled_from([[], [0.5], [0.51]]), max_size=1)
LINES = st.sampled_from(["", "a\n", "12:34:56\n", "12:34:57\n"])
SIDES = st.tuples(METRICS, CONTENTS, LINES)


@settings(max_examples=60)
@given(SIDES, SIDES, st.sampled_from([(), ("rel=0.1",)]))
def test_identical_only_if_every_byte_that_counts_is(
    left: tuple[dict[str, list[float]], dict[str, bytes], str],
    right: tuple[dict[str, list[float]], dict[str, bytes], str],
    tolerances: tuple[str, ...],
) -> None:
    bench = Bench()
    here, there = (bench.outcome(metrics=m, files=f, console=c) for m, f, c in (left, right))
    verdict = bench.judge(here, there, *tolerances)

    assert all(item.difference for item in verdict.items if item.verdict is not Answer.IDENTICAL)
    if left != right:
        assert verdict.answer is not Answer.IDENTICAL
    elif any(left) and not any(not points for points in left[0].values()):
        assert verdict.answer is Answer.IDENTICAL
    else:
        assert verdict.answer is Answer.INCONCLUSIVE


def record(bench: Bench, **changes: object) -> Record:
    lists: dict[str, list[object]] = {
        "code": [CodeFile("train.py", bench.add(b"a\nb\n"), 4, Kept.VALUE)],
        "files": [],
        "inputs": [Input("data.csv", FileKind.FILE, 3, Kept.VALUE, bench.add(b"1,2"))],
        "packages": [Package("numpy", "1.26.4", None)],
        "variables": [Variable("LANG", "C"), Variable("OMP", "1", recipe=True)],
    }
    lists.update({key: value for key, value in changes.items() if key in lists})  # type: ignore[misc]
    recipe = Recipe(
        Command(("python", "train.py"), "."),
        CodeState(bench.listing(lists["code"]), bench.listing(lists["files"] + lists["code"])),
        bench.listing(lists["inputs"]),
        Environment(digest_bytes(b""), "venv", packages=bench.listing(lists["packages"])),
        Configuration((Parameter("lr", "0.1", "argparse"),), bench.listing(lists["variables"])),
        Seeds("00", threads=(Threads("openblas", 4),), cores=4),
    )
    where = Circumstances("h1", "u", "2026-11-21T10:00:00Z", "Linux", "6", "x86_64", "cpu")
    return Record(
        RECORD_SCHEMA, "a" * 26, "/home/u/proj", Track.EXPLORATORY, recipe, where,
        bench.outcome(), Coverage(0, 0), ("python", "train.py"),
    )  # fmt: skip


def test_recipes_that_are_the_same_have_no_difference(bench: Bench) -> None:
    assert recipe_differences(record(bench), record(bench), bench.store) == ()
    assert circumstance_differences(record(bench), record(bench), bench.store) == ()
    assert code_diff(record(bench), record(bench), bench.store) == ""


def test_recipes_differ_name_by_name(bench: Bench) -> None:
    code = [CodeFile("train.py", bench.add(b"a\nc"), 3, Kept.VALUE)]
    packages = [Package("numpy", "2.4.0", None)]
    variables = [Variable("LANG", "de"), Variable("OMP", None, recipe=True)]
    left = record(bench)
    right = record(bench, code=code, inputs=[], packages=packages, variables=variables)
    seeds = replace(right.recipe.seeds, root="01", threads=(Threads("openblas", 8),))
    parameters = replace(right.recipe.configuration, parameters=())
    right = replace(right, recipe=replace(right.recipe, seeds=seeds, configuration=parameters))

    found = {(one.aspect, one.name): one for one in recipe_differences(left, right, bench.store)}
    assert set(found) == {
        ("code", "train.py"),
        ("inputs", "data.csv"),
        ("environment", "numpy"),
        ("configuration", "lr"),
        ("configuration", "variable OMP"),
        ("seeds", "root"),
        ("threads", "openblas"),
    }
    assert found["inputs", "data.csv"].right is None
    assert found["threads", "openblas"] == Difference("threads", "openblas", "4", "8")
    assert found["configuration", "variable OMP"].right == "<redacted>"
    elsewhere = replace(right, circumstances=replace(right.circumstances, host="h2"))
    assert circumstance_differences(left, elsewhere, bench.store) == (
        Difference("circumstances", "host", "h1", "h2"),
        Difference("configuration", "variable LANG", "C", "de"),
    )


def test_code_is_shown_line_by_line(bench: Bench) -> None:
    left = record(bench)
    binary = CodeFile("lib.so", bench.add(b"\0"), 1, Kept.VALUE)
    right = record(bench, code=[CodeFile("train.py", bench.add(b"a\nc"), 3, Kept.VALUE), binary])

    assert code_diff(left, right, bench.store) == (
        "Files a/lib.so and b/lib.so differ\n"
        "--- a/train.py\n+++ b/train.py\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n"
    )


def test_dates_are_masked_only_around_the_two_runs(bench: Bench) -> None:
    left = record(bench)
    right = replace(left, project="/rooms/r1")
    masks = masks_between(left, right, bench.store)
    console = "2026-11-21 10:00:01 x\n", "2026-11-21 11:00:01 x\n", "2024-11-21 11:00:01 x\n"
    here, there, past = (bench.outcome(console=text) for text in console)

    none = parse_all(())
    assert judge_outcomes(here, there, bench.store, none, masks).answer is Answer.EQUIVALENT
    assert judge_outcomes(here, past, bench.store, none, masks).answer is Answer.DIVERGED


def test_arrays_say_how_much_differs_and_where(bench: Bench) -> None:
    def tensors(value: float) -> bytes:
        header = b'{"w": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}'
        return struct.pack("<Q", len(header)) + header + struct.pack("<2d", 1.0, value)

    left = bench.outcome(files={"m.safetensors": tensors(1.0)})
    right = bench.outcome(files={"m.safetensors": tensors(1.25)})

    assert only(bench.judge(left, right), "m.safetensors").difference == (
        "w: 1 of 2 values differ, first at [1]: 1.0 and 1.25, largest 0.25 absolute, 0.2 relative"
    )


def test_code_that_no_run_used_is_a_circumstance(bench: Bench) -> None:
    left = record(bench)
    right = record(bench, files=[CodeFile("notes.py", bench.add(b"n"), 1, Kept.VALUE)])

    assert recipe_differences(left, right, bench.store) == ()
    (found,) = circumstance_differences(left, right, bench.store)
    assert (found.aspect, found.name, found.left) == ("code", "notes.py", None)
