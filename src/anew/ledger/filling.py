"""Filling: the tables of the index, and what each kind of entry writes into them.

Entries of different hosts may come in any order, so a fact carries its time, and the latest wins.
"""

import re
import sqlite3
from collections.abc import Iterable

from anew.ledger.query import number, plain, storable
from anew.ledger.rows import Describer, FileList, RunRow
from anew.ledger.segment import Position
from anew.model.entry import (
    IN_A_CLEAN_ROOM,
    NAMED,
    NOTED,
    RUN_OPENED,
    RUN_REMOVED,
    RUN_SEALED,
    TAGGED,
    TRACK_ENTERED,
    UNTAGGED,
    VERDICT_GIVEN,
    Entry,
)
from anew.model.errors import DamagedObject, MissingObject
from anew.model.status import Status
from anew.store.packs import to_raw

VERSION = 3
TABLES = {
    "positions": "segment TEXT PRIMARY KEY, end INTEGER, head TEXT",
    "runs": (
        "id TEXT PRIMARY KEY, project TEXT, status TEXT, command TEXT, started_at TEXT, track TEXT,"
        ' duration INTEGER, exit_code INTEGER, signal INTEGER, replay_of TEXT, "commit" TEXT,'
        " recipe TEXT, exact TEXT, input_size INTEGER, output_size INTEGER, counterfactual TEXT,"
        " request TEXT, record TEXT"
    ),
    "removed": "run TEXT PRIMARY KEY",
    "names": "run TEXT PRIMARY KEY, name TEXT, at TEXT",
    "tags": "run TEXT, key TEXT, value TEXT, present INTEGER, at TEXT, PRIMARY KEY (run, key)",
    "notes": "run TEXT, text TEXT, at TEXT",
    "verdicts": "run TEXT PRIMARY KEY, answer TEXT, body TEXT, at TEXT, isolated INTEGER",
    "tracks": "run TEXT PRIMARY KEY, track TEXT, at TEXT",
    "judgements": "original TEXT, replay TEXT, answer TEXT, body TEXT, at TEXT, isolated INTEGER",
    "parameters": "run TEXT, name TEXT, text TEXT, number REAL, PRIMARY KEY (run, name)",
    "metrics": (
        "run TEXT, name TEXT, points INTEGER, last REAL, min REAL, max REAL, last_text TEXT,"
        " min_text TEXT, max_text TEXT, PRIMARY KEY (run, name)"
    ),
    "listings": "id INTEGER PRIMARY KEY, digest TEXT UNIQUE",
    "files": "listing INTEGER, path TEXT, digest BLOB",
    "run_files": "run TEXT, kind TEXT, listing INTEGER, PRIMARY KEY (run, kind)",
}
_INDEXES = """
CREATE INDEX runs_by_start ON runs (started_at);
CREATE INDEX runs_by_recipe ON runs (recipe);
CREATE INDEX runs_by_original ON runs (replay_of);
CREATE INDEX names_by_name ON names (name);
CREATE INDEX notes_by_run ON notes (run);
CREATE INDEX judgements_by_original ON judgements (original);
CREATE INDEX files_by_digest ON files (digest);
CREATE INDEX run_files_by_listing ON run_files (listing);
CREATE INDEX metrics_by_name ON metrics (name, last)
"""
SCHEMA = ";".join(f"CREATE TABLE {name} ({form})" for name, form in TABLES.items()) + ";" + _INDEXES
_DESCRIBED = (
    "project",
    "status",
    "command",
    "started_at",
    "track",
    "duration",
    "exit_code",
    "signal",
    "replay_of",
    "commit",
    "recipe",
    "exact",
    "input_size",
    "output_size",
    "counterfactual",
)
_REPLAY = re.compile(r" ([a-z2-7]{26})$")  # follows the answer in the text of an entry
_OF_A_RUN = ("tracks", "names", "tags", "notes", "verdicts", "parameters", "metrics", "run_files")


def stored_positions(connection: sqlite3.Connection) -> dict[str, Position]:
    """Return how far each segment was taken in."""
    rows = connection.execute("SELECT segment, end, head FROM positions")
    return {segment: Position(end, head) for segment, end, head in rows}


def save_positions(connection: sqlite3.Connection, positions: dict[str, Position]) -> None:
    """Note how far each segment was taken in."""
    connection.executemany(
        "INSERT OR REPLACE INTO positions VALUES (?,?,?)",
        [(name, at.offset, at.head) for name, at in positions.items()],
    )


def clear(connection: sqlite3.Connection) -> None:
    """Forget all."""
    for table in TABLES:
        connection.execute(f"DELETE FROM {table}")


def fill(connection: sqlite3.Connection, entry: Entry, describer: Describer) -> None:
    """Take in one entry; of a kind that runs do not have, nothing."""
    run, at = entry.subject, entry.written_at
    match entry.kind:
        case kind if kind in (RUN_OPENED, RUN_SEALED):
            _put(connection, entry, _described(entry, describer))
        case kind if kind == RUN_REMOVED:
            _remove(connection, run)
        case kind if kind == NAMED:
            _name(connection, run, entry.text or None, at)
        case kind if kind == TAGGED:
            key, _, value = entry.text.partition("=")
            _tag(connection, run, key, value, 1, at)
        case kind if kind == UNTAGGED:
            _tag(connection, run, entry.text.partition("=")[0], "", 0, at)
        case kind if kind == NOTED:
            _note(connection, run, entry.text, at)
        case kind if kind == VERDICT_GIVEN:
            _judge(connection, entry, describer)
        case kind if kind == TRACK_ENTERED:
            _enter(connection, run, entry.text.partition(" ")[0], at)
        case _:
            pass


def _described(entry: Entry, describer: Describer) -> RunRow | None:
    """Return what the body of an entry says of a run, or None if it cannot be read."""
    if entry.body is None:
        return None
    try:
        if entry.kind == RUN_SEALED:
            return describer.sealed(entry.subject, entry.body)
        return describer.opened(entry.subject, entry.body)
    except (MissingObject, DamagedObject):
        return None


def _put(connection: sqlite3.Connection, entry: Entry, row: RunRow | None) -> None:
    run, at = entry.subject, entry.written_at
    if _one(connection, "SELECT 1 FROM removed WHERE run = ?", (run,)).fetchone():
        return
    sealed = entry.kind == RUN_SEALED
    status = Status.INCOMPLETE if sealed else Status.RUNNING
    _one(
        connection,
        "INSERT OR IGNORE INTO runs (id, project, status, command, started_at, track, input_size,"
        " output_size, counterfactual) VALUES (?, '', ?, '', ?, '', 0, 0, '')",
        (run, status.value, at),
    )
    (record,) = _one(connection, "SELECT record FROM runs WHERE id = ?", (run,)).fetchone()
    body = "record" if sealed else "request"
    _one(connection, f"UPDATE runs SET {body} = ? WHERE id = ?", (entry.body, run))
    if sealed and row is None:
        _one(connection, "UPDATE runs SET status = ? WHERE id = ?", (status.value, run))
    if row is not None:
        if sealed or record is None:
            _describe(connection, row)
        _facts(connection, row, at)


def _describe(connection: sqlite3.Connection, row: RunRow) -> None:
    """Write down what the row of a run holds that never changes."""
    names = ", ".join(f'"{name}" = ?' for name in _DESCRIBED)
    values = [getattr(row, name) for name in _DESCRIBED]
    _one(connection, f"UPDATE runs SET {names} WHERE id = ?", (*values, row.id))
    _many(
        connection,
        "INSERT OR REPLACE INTO parameters VALUES (?,?,?,?)",
        [(row.id, each.name, text := plain(each.value), number(text)) for each in row.parameters],
    )
    _many(
        connection,
        "INSERT OR REPLACE INTO metrics VALUES (?,?,?,?,?,?,?,?,?)",
        [
            (
                row.id,
                each.name,
                each.points,
                *map(number, (each.last, each.min, each.max)),
                *(each.last, each.min, each.max),
            )
            for each in row.metrics
        ],
    )
    for each in row.files:
        _list_files(connection, row.id, each)


def _list_files(connection: sqlite3.Connection, run: str, files: FileList) -> None:
    """Note which files a run had; those of a listing are written down once for all its runs."""
    question = "SELECT id FROM listings WHERE digest = ?"
    found = _one(connection, question, (files.listing,)).fetchone()
    if found is None:
        try:
            rows = [(each.path, to_raw(each.digest)) for each in files.read()]
        except (MissingObject, DamagedObject):
            return
        added = _one(connection, "INSERT INTO listings (digest) VALUES (?)", (files.listing,))
        found = (added.lastrowid,)
        _many(
            connection,
            "INSERT INTO files VALUES (?,?,?)",
            [(*found, path, digest) for path, digest in rows],
        )
    _one(connection, "INSERT OR REPLACE INTO run_files VALUES (?,?,?)", (run, files.kind, *found))


def _facts(connection: sqlite3.Connection, row: RunRow, at: str) -> None:
    """Write down what was said of a run at its start and may be said otherwise later."""
    if row.name is not None:
        _name(connection, row.id, row.name, at)
    for key, value in row.tags:
        _tag(connection, row.id, key, value, 1, at)
    for text in row.notes:
        _note(connection, row.id, text, at)


def _name(connection: sqlite3.Connection, run: str, name: str | None, at: str) -> None:
    _one(
        connection,
        "INSERT INTO names VALUES (?,?,?) ON CONFLICT DO UPDATE"
        " SET name = excluded.name, at = excluded.at WHERE excluded.at >= at",
        (run, name, at),
    )


def _tag(
    connection: sqlite3.Connection, run: str, key: str, value: str, present: int, at: str
) -> None:
    _one(
        connection,
        "INSERT INTO tags VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE SET value = excluded.value,"
        " present = excluded.present, at = excluded.at WHERE excluded.at >= at",
        (run, key, value, present, at),
    )


def _enter(connection: sqlite3.Connection, run: str, track: str, at: str) -> None:
    _one(
        connection,
        "INSERT INTO tracks VALUES (?,?,?) ON CONFLICT DO UPDATE"
        " SET track = excluded.track, at = excluded.at WHERE excluded.at >= at",
        (run, track, at),
    )


def _note(connection: sqlite3.Connection, run: str, text: str, at: str) -> None:
    _one(
        connection,
        "INSERT INTO notes SELECT ?1, ?2, ?3 WHERE NOT EXISTS"
        " (SELECT 1 FROM notes WHERE run = ?1 AND text = ?2)",  # a run's request says it as well
        (run, text, at),
    )


def _judge(connection: sqlite3.Connection, entry: Entry, describer: Describer) -> None:
    """Take in a verdict: the latest is that of the original, and each is that of its replay.

    A counterfactual replay says nothing of whether the original can be repeated.
    """
    original, answer = entry.subject, entry.text
    if not answer and entry.body is not None:
        try:
            answer = describer.verdict(entry.body)
        except (MissingObject, DamagedObject):
            answer = ""
    replay = None
    if found := _REPLAY.search(answer):
        answer, replay = answer[: found.start()], found[1]
    isolated = answer.endswith(IN_A_CLEAN_ROOM)
    answer = answer.removesuffix(IN_A_CLEAN_ROOM)
    facts = (answer or None, entry.body, entry.written_at, int(isolated))
    row = (original, replay, *facts)
    _one(connection, "INSERT INTO judgements VALUES (?,?,?,?,?,?)", row)
    sql = "SELECT 1 FROM runs WHERE id = ? AND counterfactual != ''"
    changed = _one(connection, sql, (replay,)).fetchone()
    for run in (replay,) if changed else (original, replay):
        if run is not None:
            _one(
                connection,
                "INSERT INTO verdicts VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE SET"
                " answer = excluded.answer, body = excluded.body, at = excluded.at,"
                " isolated = excluded.isolated"
                " WHERE excluded.at >= at",
                (run, *facts),
            )


def _remove(connection: sqlite3.Connection, run: str) -> None:
    _one(connection, "INSERT OR IGNORE INTO removed VALUES (?)", (run,))
    _one(connection, "DELETE FROM runs WHERE id = ?", (run,))
    for table in _OF_A_RUN:
        _one(connection, f"DELETE FROM {table} WHERE run = ?", (run,))
    _one(connection, "DELETE FROM judgements WHERE original = ?", (run,))
    unused = "listing NOT IN (SELECT listing FROM run_files)"
    _one(connection, f"DELETE FROM files WHERE {unused}")
    _one(connection, "DELETE FROM listings WHERE id NOT IN (SELECT listing FROM run_files)")


def _one(connection: sqlite3.Connection, sql: str, values: Iterable[object] = ()) -> sqlite3.Cursor:
    return connection.execute(sql, storable(values))


def _many(connection: sqlite3.Connection, sql: str, rows: Iterable[Iterable[object]]) -> None:
    connection.executemany(sql, map(storable, rows))
