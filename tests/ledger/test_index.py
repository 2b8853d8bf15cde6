"""Searching runs."""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from anew.ledger.file import FileLedger
from anew.ledger.index import FileUse, Index
from anew.ledger.leases import Leases
from anew.ledger.query import (
    CommitIs,
    Comparison,
    Filter,
    HasStatus,
    HasTag,
    MetricIs,
    NameLike,
    ParameterIs,
    RecipeIs,
    ReplayOf,
    Since,
    Sort,
    Text,
    Until,
    UsesContent,
    UsesPath,
)
from anew.ledger.resolving import Resolved, resolve
from anew.ledger.rows import FileList, FileRow, MetricRow, ParameterRow, RunRow
from anew.model.digest import Digest, digest_bytes
from anew.model.errors import BrokenLedger, MissingObject, UnknownRun
from anew.model.record import Status, new_run_id

CONTENT = digest_bytes(b"data.csv")


class Bodies:
    """Rows by the digest of what stands for a body."""

    def __init__(self) -> None:
        self.rows: dict[Digest, RunRow] = {}
        self.asked = 0

    def keep(self, row: RunRow) -> Digest:
        digest = digest_bytes(repr(row).encode("utf-8", "surrogatepass"))
        self.rows[digest] = row
        return digest

    def opened(self, run: str, request: Digest) -> RunRow:
        self.asked += 1
        if request not in self.rows:
            raise MissingObject(request)
        return replace(self.rows[request], id=run, request=request)

    def sealed(self, run: str, record: Digest) -> RunRow:
        return replace(self.opened(run, record), request=None, record=record)

    def verdict(self, body: Digest) -> str:
        return "diverged" if body in self.rows else ""


class World:
    """A ledger with its index, and short ways to write into it."""

    def __init__(self, folder: Path, now: Callable[[], str]) -> None:
        self.folder, self.now = folder, now
        self.bodies = Bodies()
        self.leases = Leases(folder)
        self.ledger = FileLedger(folder, "here", now)
        self.path = folder / "cache" / "runs.sqlite"
        self.index = self.open()

    def open(self) -> Index:
        return Index(self.path, self.ledger, self.leases, self.bodies)

    def begin(self, run: str, **fields: object) -> RunRow:
        row = RunRow(run, "/project", Status.RUNNING, f"train.py {run}", self.now())
        row = replace(row, **fields)  # type: ignore[arg-type]
        self.ledger.append("run-opened", run, body=self.bodies.keep(row))
        return row

    def run(self, run: str, **fields: object) -> RunRow:
        row = replace(self.begin(run, **fields), status=Status.FINISHED)
        row = replace(row, **fields)  # type: ignore[arg-type]
        sealed = replace(row, name=None, tags=(), notes=())
        self.ledger.append("run-sealed", run, body=self.bodies.keep(sealed))
        return row

    def found(self, *filters: Filter, **options: object) -> list[str]:
        return [row.id for row in self.index.find(filters, **options)]  # type: ignore[arg-type]


@pytest.fixture
def world(tmp_path: Path, now: Callable[[], str]) -> World:
    return World(tmp_path, now)


def metric(name: str, last: str) -> MetricRow:
    return MetricRow(name, 3, last, "0", "1")


def test_runs_are_listed_latest_first_with_what_is_known(world: World) -> None:
    row = world.run("aaa", name="first", tags=(("k", "v"),), notes=("hm",), exit_code=0, commit="c")
    world.run("bbb", metrics=(metric("loss", "nan"),))
    second, first = world.index.find()
    assert (first.id, second.id) == ("aaa", "bbb")
    assert first.name == "first"
    assert first.tags == (("k", "v"),)
    assert first.notes == ("hm",)
    assert first.started_at == row.started_at
    assert first.exit_code == 0
    assert first.request is not None
    assert first.record is not None
    assert second.metrics == (metric("loss", "nan"),)
    assert world.index.get("aaa") == first
    assert world.index.get("zzz") is None


def test_each_filter_finds_what_it_should(world: World) -> None:
    files = (FileList("input", digest_bytes(b"listing"), lambda: [FileRow("data.csv", CONTENT)]),)
    a = world.run(
        "aaa",
        name="base-1",
        tags=(("paper", "fig3"),),
        metrics=(metric("accuracy", "0.9"),),
        parameters=(ParameterRow("lr", "0.1"), ParameterRow("optimizer", '"sgd"')),
        commit="abcdef",
        files=files,
        recipe=digest_bytes(b"recipe"),
    )
    b = world.run(
        "bbb",
        name="other",
        tags=(("paper", ""),),
        metrics=(metric("accuracy", "0.8"),),
        parameters=(ParameterRow("lr", "1e-2"), ParameterRow("optimizer", '"adam"')),
        exact=digest_bytes(b"recipe"),
        status=Status.FAILED,
        command="python 100%_sure.py",
    )
    world.run("ccc", replay_of="aaa", metrics=(metric("accuracy", "nan"),), files=files)
    cases: list[tuple[Filter, list[str]]] = [
        (NameLike("base*"), ["aaa"]),
        (HasTag("paper"), ["bbb", "aaa"]),
        (HasTag("paper", "fig3"), ["aaa"]),
        (HasStatus(Status.FAILED), ["bbb"]),
        (ParameterIs("lr", Comparison.LESS, "0.05"), ["bbb"]),
        (ParameterIs("lr", Comparison.EQUAL, "1e-1"), ["aaa"]),
        (ParameterIs("optimizer", Comparison.EQUAL, "adam"), ["bbb"]),
        (ParameterIs("optimizer", Comparison.UNEQUAL, "adam"), ["aaa"]),
        (MetricIs("accuracy", Comparison.AT_LEAST, 0.9), ["aaa"]),
        (MetricIs("accuracy", Comparison.LESS, 1), ["bbb", "aaa"]),
        (CommitIs("abc"), ["aaa"]),
        (UsesContent(CONTENT), ["ccc", "aaa"]),
        (RecipeIs(digest_bytes(b"recipe")), ["bbb", "aaa"]),
        (ReplayOf("aaa"), ["ccc"]),
        (Since(b.started_at), ["ccc", "bbb"]),
        (Until(b.started_at), ["aaa"]),
        (Text("100%_"), ["bbb"]),
        (Text("TRAIN.py"), ["ccc", "aaa"]),
        (Text("fig"), ["aaa"]),
        (Text("'; DROP TABLE runs"), []),
    ]
    for asked, expected in cases:
        assert world.found(asked) == expected, asked
    assert world.found(HasTag("paper"), CommitIs("abc")) == ["aaa"]
    assert world.found(include_replays=False) == ["bbb", "aaa"]
    assert world.found(limit=1) == ["ccc"]
    assert world.found(project="/elsewhere") == []
    assert world.found(sort=Sort("started_at", descending=False)) == ["aaa", "bbb", "ccc"]
    assert world.found(sort=Sort("name", descending=False)) == ["aaa", "bbb", "ccc"]
    assert world.found(sort=Sort(metric="accuracy")) == ["aaa", "bbb", "ccc"]
    assert world.found(sort=Sort(metric="accuracy", descending=False)) == ["bbb", "aaa", "ccc"]
    assert world.index.uses_of(CONTENT) == [
        FileUse("ccc", "input", "data.csv"),
        FileUse("aaa", "input", "data.csv"),
    ]
    assert a.name == "base-1"


def test_what_is_said_later_counts(world: World) -> None:
    world.run("aaa", name="old", tags=(("k", "1"), ("gone", "")))
    for kind, text in (
        ("named", "new"),
        ("tagged", "k=2"),
        ("tagged", "plain"),
        ("untagged", "gone"),
        ("noted", "a thought"),
        ("verdict-given", "identical"),
        ("a-kind-of-tomorrow", "?"),
    ):
        world.ledger.append(kind, "aaa", text=text)
    (row,) = world.index.find()
    assert row.name == "new"
    assert row.tags == (("k", "2"), ("plain", ""))
    assert row.notes == ("a thought",)
    assert row.verdict == "identical"
    world.ledger.append("named", "aaa", text="")
    world.ledger.append("verdict-given", "aaa", body=next(iter(world.bodies.rows)))
    (row,) = world.index.find()
    assert (row.name, row.verdict) == (None, "diverged")


def test_entries_of_hosts_may_come_in_any_order(world: World) -> None:
    other = FileLedger(world.folder, "a-host", lambda: "2025")
    record = world.bodies.keep(RunRow("aaa", "/p", Status.FINISHED, "c", "2025"))
    request = world.bodies.keep(
        RunRow("aaa", "/p", Status.RUNNING, "c", "2025", name="old", tags=(("t", "old"),))
    )
    world.ledger.append("untagged", "aaa", text="t")
    world.ledger.append("named", "aaa", text="new")
    world.ledger.append("run-sealed", "aaa", body=record)
    world.ledger.append("run-removed", "bbb")
    world.index.follow()
    other.append("run-opened", "aaa", body=request)
    other.append("run-opened", "bbb", body=request)
    (row,) = world.index.find()
    assert (row.id, row.name, row.tags, row.status) == ("aaa", "new", (), Status.FINISHED)
    assert row.request == request


def test_removed_runs_vanish(world: World) -> None:
    files = (FileList("input", digest_bytes(b"l"), lambda: [FileRow("x", CONTENT)]),)
    world.run("aaa", name="n", files=files)
    world.run("bbb", files=files)
    assert len(world.found()) == 2
    world.ledger.append("run-removed", "aaa")
    assert world.found() == ["bbb"]
    assert [use.run for use in world.index.uses_of(CONTENT)] == ["bbb"]
    with pytest.raises(UnknownRun):
        resolve(world.index, "n", None)
    world.ledger.append("run-removed", "bbb")
    assert world.index.uses_of(CONTENT) == []


def test_a_run_without_record_stands_as_its_lease_says(world: World) -> None:
    world.begin("aaa")
    assert world.index.find()[0].status == Status.INTERRUPTED
    world.leases.take("aaa", "2026")
    assert world.index.find()[0].status == Status.RUNNING
    assert world.found(HasStatus(Status.RUNNING)) == ["aaa"]
    assert world.found(HasStatus(Status.INTERRUPTED)) == []
    world.run("aaa")
    world.leases.release("aaa")
    assert world.index.find()[0].status == Status.FINISHED


def test_a_run_sealed_while_we_look_is_not_interrupted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.begin("aaa")
    world.leases.take("aaa", "2026")
    standing = world.leases.standing

    def sealed_meanwhile(run: str) -> object:
        monkeypatch.undo()
        world.run("aaa")
        world.leases.release("aaa")
        return standing(run)

    monkeypatch.setattr(world.leases, "standing", sealed_meanwhile)
    assert world.index.find()[0].status == Status.FINISHED


def test_a_run_whose_bodies_are_missing_is_still_listed(world: World) -> None:
    world.ledger.append("run-opened", "aaa", body=digest_bytes(b"?"))
    world.ledger.append("run-sealed", "aaa", body=digest_bytes(b"??"))
    (row,) = world.index.find()
    assert (row.id, row.status) == ("aaa", Status.INCOMPLETE)


def test_names_that_are_no_utf8_can_be_listed_and_found(world: World) -> None:
    files = (FileList("input", digest_bytes(b"l"), lambda: [FileRow("caf\udce9", CONTENT)]),)
    world.run("aaa", command="cat caf\udce9", project="/caf\udce9", files=files)
    assert world.found(project="/caf\udce9") == ["aaa"]
    assert world.found(Text("caf\udce9")) == ["aaa"]


@pytest.mark.parametrize("harm", ["delete", "garbage", "version", "truncate", "read-only"])
def test_the_index_can_be_lost_at_any_time(world: World, harm: str) -> None:
    world.run("aaa", name="n")
    world.run("bbb")
    assert len(world.found()) == 2
    world.index.close()
    match harm:
        case "delete":
            world.path.unlink()
        case "garbage":
            world.path.write_bytes(b"garbage" * 5000)
        case "version":
            with sqlite3.connect(world.path) as connection:
                connection.execute("PRAGMA user_version = 99")
            connection.close()
        case "truncate":
            os.truncate(world.path, world.path.stat().st_size // 2)
        case _:
            world.path.unlink()
            world.path.mkdir()
    world.index = world.open()
    assert world.found() == ["bbb", "aaa"]
    world.run("ccc")
    assert world.found() == ["ccc", "bbb", "aaa"]
    assert resolve(world.index, "n", None) == Resolved("aaa")


def test_only_what_is_new_is_read(world: World) -> None:
    for number in range(5):
        world.run(f"run{number}")
    world.index.follow()
    world.index.close()
    world.bodies.asked = 0
    world.index = world.open()
    assert len(world.found()) == 5
    assert world.bodies.asked == 0
    world.run("new")
    assert len(world.found()) == 6
    assert world.bodies.asked == 2


def test_a_ledger_that_was_put_back_is_taken_in_anew(world: World) -> None:
    world.run("aaa")
    segment = world.folder / "ledger" / "here.jsonl"
    old = segment.read_bytes()
    world.run("bbb")
    assert len(world.found()) == 2
    segment.write_bytes(old)
    assert world.found() == ["aaa"]
    segment.write_bytes(b"junk\n" + old)
    with pytest.raises(BrokenLedger, match="line 1"):
        world.found()


def test_two_indexes_follow_into_one_file(world: World) -> None:
    other = world.open()
    world.run("aaa")
    assert world.found() == ["aaa"]
    world.run("bbb")
    assert [row.id for row in other.find()] == ["bbb", "aaa"]
    assert world.found() == ["bbb", "aaa"]


def test_a_run_is_resolved_in_the_order_that_is_promised(world: World) -> None:
    ids = [new_run_id(bytes([number]) * 16) for number in range(1, 6)]
    world.run(ids[0], name="base")
    world.run(ids[1], name="base")
    world.run(ids[2], name=ids[0][:8])
    world.run(ids[3], project="/other")
    world.run(ids[4], replay_of=ids[1])
    index = world.index
    assert resolve(index, ids[0], None) == Resolved(ids[0])
    assert resolve(index, "base", None) == Resolved(ids[1], older=1)
    assert resolve(index, ids[0][:8], None) == Resolved(ids[2])
    assert resolve(index, ids[0][:9], None) == Resolved(ids[0])
    assert resolve(index, "@1", "/project") == Resolved(ids[2])
    assert resolve(index, "@3", "/project") == Resolved(ids[0])
    assert resolve(index, "@1", "/other") == Resolved(ids[3])
    assert resolve(index, "@1", "/without-runs") == Resolved(ids[3])
    assert resolve(index, "@2", None) == Resolved(ids[2])


def test_what_names_no_run_or_many_is_told_with_candidates(world: World) -> None:
    ids = [new_run_id(bytes([7] * 15 + [number * 64])) for number in range(3)]
    for number, run in enumerate(ids):
        world.run(run, name=f"name{number}")
    with pytest.raises(UnknownRun, match="more than one") as ambiguous:
        resolve(world.index, ids[0][:4], None)
    assert all(name in str(ambiguous.value) for name in ("name0", "name1", "name2"))
    with pytest.raises(UnknownRun, match="did you mean"):
        resolve(world.index, "nam1", None)
    with pytest.raises(UnknownRun, match="3 runs"):
        resolve(world.index, "@4", None)
    for text in ("", "@0", "@", "%", "*"):
        with pytest.raises(UnknownRun):
            resolve(world.index, text, None)


def test_a_thousand_runs_are_listed_fast(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", lambda _: None)
        for number in range(1000):
            world.run(f"{number:026d}", tags=(("k", "v"),), metrics=(metric("loss", "0.1"),))
    assert len(world.found()) == 1000
    best = 1.0
    for _ in range(5):
        begun = time.perf_counter()
        world.index.find()
        best = min(best, time.perf_counter() - begun)
    assert best < 0.1


ORIGINAL, REPLAY, CHANGED = ("a" * 26, "b" * 26, "c" * 26)


def test_a_verdict_is_that_of_the_original_and_of_its_replay(world: World) -> None:
    world.run(ORIGINAL)
    world.run(REPLAY, replay_of=ORIGINAL)
    world.ledger.append("verdict-given", ORIGINAL, text="not replayed")
    world.ledger.append("verdict-given", ORIGINAL, text=f"identical {REPLAY}")
    assert {row.id: row.verdict for row in world.index.find()} == {
        ORIGINAL: "identical", REPLAY: "identical",
    }  # fmt: skip
    told = [(each.replay, each.answer) for each in world.index.verdicts_of(ORIGINAL)]
    assert told == [(None, "not replayed"), (REPLAY, "identical")]
    assert [each.answer for each in world.index.verdicts_of(REPLAY)] == ["identical"]


def test_a_counterfactual_says_nothing_of_the_original(world: World) -> None:
    world.run(ORIGINAL)
    world.run(REPLAY, replay_of=ORIGINAL)
    world.run(CHANGED, replay_of=ORIGINAL, counterfactual="numpy==2")
    world.ledger.append("verdict-given", ORIGINAL, text=f"identical {REPLAY}")
    world.ledger.append("verdict-given", ORIGINAL, text=f"diverged {CHANGED}")
    verdicts = {row.id: row.verdict for row in world.index.find()}
    assert verdicts == {ORIGINAL: "identical", REPLAY: "identical", CHANGED: "diverged"}
    last = world.index.verdicts_of(ORIGINAL)[-1]
    assert (last.answer, last.counterfactual) == ("diverged", "numpy==2")


def test_a_removed_run_takes_its_verdicts_along(world: World) -> None:
    world.run(ORIGINAL)
    world.ledger.append("verdict-given", ORIGINAL, text="diverged")
    world.ledger.append("run-removed", ORIGINAL)
    assert world.index.verdicts_of(ORIGINAL) == []


def test_runs_are_found_by_the_recorded_path_of_a_file(world: World) -> None:
    files = (FileList("input", digest_bytes(b"listing"), lambda: [FileRow("data.csv", CONTENT)]),)
    world.run("aaa", files=files)
    world.run("bbb")
    assert world.found(UsesPath("data.csv")) == ["aaa"]
    assert world.found(UsesPath("data")) == []


def test_a_note_given_at_the_start_is_there_once(world: World) -> None:
    world.run("aaa", notes=("hm",))
    world.ledger.append("noted", "aaa", text="hm")
    world.ledger.append("noted", "aaa", text="so")
    (row,) = world.index.find()
    assert row.notes == ("hm", "so")
