"""Rows from real requests, records and verdicts."""

import pytest
from msgspec.structs import replace

from anew.ledger.describing import StoreDescriber
from anew.ledger.rows import MetricRow
from anew.model import canonical
from anew.model.circumstances import Circumstances
from anew.model.digest import Digest, digest_bytes
from anew.model.errors import MissingObject
from anew.model.inputs import (
    CodeState,
    Configuration,
    Environment,
    FileKind,
    Input,
    Kept,
    Proof,
    Seeds,
)
from anew.model.metric import Metric
from anew.model.recipe import Command, Options, Recipe, Request, Track
from anew.model.record import RECORD_SCHEMA, Coverage, Outcome, Record, Status
from anew.model.tree import Listing
from anew.model.verdict import Answer, Verdict
from anew.store.listings import write_listing
from anew.store.memory import MemoryStore

CONTENT = digest_bytes(b"data")


def keep(store: MemoryStore, value: object) -> Digest:
    batch = store.begin()
    digest = batch.add(canonical.encode(value))
    batch.commit()
    return digest


def record(store: MemoryStore) -> Record:
    batch = store.begin()
    empty: Listing = write_listing(batch, [], str)
    inputs = [Input("data.csv", FileKind.FILE, 4, Kept.VALUE, CONTENT, Proof.STAMP)]
    metrics = [Metric("loss", 2, "0.5", "0.5", "inf", CONTENT)]
    listed = write_listing(batch, inputs, lambda each: each.path, 4)
    measured = write_listing(batch, metrics, lambda each: each.name)
    batch.commit()
    recipe = Recipe(
        Command(("python", "train.py"), "."),
        CodeState(empty, empty, commit="abc"),
        listed,
        Environment(CONTENT, "venv"),
        Configuration(),
        Seeds("00"),
    )
    outcome = Outcome(Status.FAILED, 3, None, 1_500_000, 0, 0, measured, empty)
    where = Circumstances("host", "me", "2026-01-01T00:00:00Z", "Linux", "6", "x86_64", "cpu")
    return Record(
        RECORD_SCHEMA, "run", "/project", Track.PRODUCTION, recipe, where, outcome,
        Coverage(1, 1), ("python", "train.py", "a b"),
    )  # fmt: skip


def test_a_request_becomes_a_row() -> None:
    store = MemoryStore()
    options = Options(name="n", tags=(("k", "v"),), note="why")
    request = Request(("python", "x y.py"), ("python",), "/p", ".", options, "00", "2026")
    row = StoreDescriber(store).opened("run", keep(store, request))
    assert (row.id, row.project, row.status) == ("run", "/p", Status.RUNNING)
    assert row.command == "python 'x y.py'"
    assert (row.name, row.tags, row.notes) == ("n", (("k", "v"),), ("why",))


def test_a_record_becomes_a_row() -> None:
    store = MemoryStore()
    value = record(store)
    row = StoreDescriber(store).sealed("run", keep(store, value))
    assert (row.status, row.exit_code, row.duration) == (Status.FAILED, 3, 1_500_000)
    assert (row.recipe, row.exact) == (value.recipe.digest, value.recipe.exact_digest)
    assert row.metrics == (MetricRow("loss", 2, "0.5", "0.5", "inf"),)
    assert (row.commit, row.input_size, row.track) == ("abc", 4, "production")
    assert {each.kind: [(f.path, f.digest) for f in each.read()] for each in row.files} == {
        "code": [],
        "input": [("data.csv", CONTENT)],
        "output": [],
    }


def test_a_verdict_gives_its_answer() -> None:
    store = MemoryStore()
    body = keep(store, Verdict(Answer.DIVERGED, ()))
    assert StoreDescriber(store).verdict(body) == "diverged"


def test_what_the_store_lacks_is_told() -> None:
    store = MemoryStore()
    value = record(store)
    lacking = replace(value, outcome=replace(value.outcome, metrics=Listing(CONTENT, 1)))
    with pytest.raises(MissingObject):
        StoreDescriber(store).sealed("run", keep(store, lacking))
