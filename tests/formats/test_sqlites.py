"""SQLite databases: what tables hold counts, how the file is laid out does not."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anew.formats.registry import read
from anew.judge.masks import Masks
from anew.judge.own_times import Span
from anew.judge.readings import Means, compare_readings
from anew.model.reading import Reading
from anew.model.tolerance import Absolute, Exact, Tolerance
from anew.model.verdict import Answer

START, AGAIN = 1_716_200_000, 1_716_280_000
SPANS = Masks(spans=(Span(START, START + 9), Span(AGAIN, AGAIN + 9)))


def made(place: Path, *statements: str, rows: Sequence[tuple[object, ...]] = ()) -> bytes:
    place.unlink(missing_ok=True)
    database = sqlite3.connect(place)
    database.execute("CREATE TABLE runs (id TEXT PRIMARY KEY, at INTEGER, loss REAL, note BLOB)")
    database.executemany("INSERT INTO runs VALUES (?,?,?,?)", rows)
    for statement in statements:
        database.execute(statement)
        database.commit()
    database.commit()
    database.close()
    return place.read_bytes()


def judged(left: bytes, right: bytes, tolerance: Tolerance | None = None) -> Answer | None:
    here, there = read("mlflow.db", left), read("mlflow.db", right)
    if not isinstance(here, Reading) or not isinstance(there, Reading):
        return None
    return compare_readings(here, there, Means(tolerance or Exact(), Exact(), SPANS)).answer


ROW = ("a", START * 1000, 0.5, b"x")


def test_another_layout_is_no_difference(tmp_path: Path) -> None:
    plain = made(tmp_path / "a", rows=[ROW])
    worn = made(tmp_path / "b", "INSERT INTO runs VALUES ('z', 1, 1, zeroblob(9000))",
                "DELETE FROM runs WHERE id = 'z'", rows=[ROW])  # fmt: skip
    assert plain != worn
    assert judged(plain, worn) is Answer.EQUIVALENT


def test_times_of_the_run_are_no_difference(tmp_path: Path) -> None:
    left = made(tmp_path / "a", rows=[ROW])
    right = made(tmp_path / "b", rows=[("a", AGAIN * 1000 + 5, 0.5, b"x")])
    assert judged(left, right) is Answer.EQUIVALENT
    assert judged(left, made(tmp_path / "b", rows=[("a", 5, 0.5, b"x")])) is Answer.DIVERGED


@pytest.mark.parametrize("row", [
    ("b", START * 1000, 0.5, b"x"), ("a", None, 0.5, b"x"), ("a", str(START), 0.5, b"x"),
    ("a", START * 1000, 0.6, b"x"), ("a", START * 1000, 0.5, b"y"), ("a", START * 1000, 0.5, "x"),
])  # fmt: skip
def test_every_value_counts(tmp_path: Path, row: tuple[object, ...]) -> None:
    assert (
        judged(made(tmp_path / "a", rows=[ROW]), made(tmp_path / "b", rows=[row]))
        is Answer.DIVERGED
    )


@pytest.mark.parametrize("statement", [
    "CREATE TABLE more (x)", "CREATE INDEX i ON runs (at)", "CREATE VIEW v AS SELECT 1", "PRAGMA user_version = 3",
    "INSERT INTO runs VALUES ('b', 1, 1, 1)", "UPDATE runs SET rowid = 7",
])  # fmt: skip
def test_definitions_count(tmp_path: Path, statement: str) -> None:
    left, right = made(tmp_path / "a", rows=[ROW]), made(tmp_path / "b", statement, rows=[ROW])
    assert judged(left, right) is Answer.DIVERGED


def test_numbers_are_numbers(tmp_path: Path) -> None:
    near = made(tmp_path / "b", rows=[("a", START * 1000, 0.5001, b"x")])
    assert judged(made(tmp_path / "a", rows=[ROW]), near, Absolute(0.001)) is Answer.EQUIVALENT


def test_odd_tables_are_read(tmp_path: Path) -> None:
    odd = ('CREATE TABLE "we ""are" (a PRIMARY KEY, b) WITHOUT ROWID', 'INSERT INTO "we ""are" VALUES (1, 2)',
           "CREATE TABLE big (n)", f"INSERT INTO big VALUES ({2**62 + 1})")  # fmt: skip
    left = made(tmp_path / "a", *odd)
    assert judged(left, made(tmp_path / "b", *odd, "UPDATE big SET n = n + 1")) is Answer.DIVERGED
    assert (
        judged(left, made(tmp_path / "b", *odd, "PRAGMA journal_mode = WAL")) is Answer.EQUIVALENT
    )


@given(st.integers(0, 8191), st.integers(1, 255))
def test_a_damaged_database_raises_nothing(
    tmp_path_factory: pytest.TempPathFactory, at: int, by: int
) -> None:
    data = bytearray(made(tmp_path_factory.getbasetemp() / "d", rows=[ROW]))
    data[at % len(data)] ^= by
    read("a.sqlite", bytes(data))
    read("a.sqlite", bytes(data[: at % len(data)]))
