"""Index: runs made searchable, in a cache that follows the ledger and can always be rebuilt."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from anew.ledger.file import FileLedger
from anew.ledger.filling import SCHEMA, VERSION, clear, fill, save_positions, stored_positions
from anew.ledger.leases import Leases, Standing
from anew.ledger.query import Filter, Sort, order, storable, where
from anew.ledger.rows import Describer, MetricRow, RunRow, VerdictRow
from anew.model.digest import PREFIX, Digest
from anew.model.errors import BrokenLedger
from anew.model.status import Status
from anew.store.cachefile import CacheFile

_COLUMNS = (
    "runs.id, project, standing, command, started_at,"
    " COALESCE(tracks.track, 'exploratory'), duration, exit_code, signal,"
    ' replay_of, "commit", recipe, exact, input_size, output_size, counterfactual, request, record,'
    " names.name, verdicts.answer, verdicts.body, verdicts.at,"
    " COALESCE(verdicts.isolated, 0)"
)
_FROM = """
(SELECT runs.*, COALESCE(standings.status, runs.status) AS standing
 FROM runs LEFT JOIN temp.standings ON standings.run = runs.id) AS runs
LEFT JOIN names ON names.run = runs.id LEFT JOIN verdicts ON verdicts.run = runs.id
LEFT JOIN tracks ON tracks.run = runs.id
"""
_STATUS = {
    Standing.ALIVE: Status.RUNNING,
    Standing.UNKNOWN: Status.RUNNING,
    Standing.DEAD: Status.INTERRUPTED,
}
AT_ONCE = 500

Value = TypeVar("Value")
_Row = tuple[Any, ...]  # as SQLite gives it


class FileUse(Struct, frozen=True):
    """A file of a run: `kind` is code, input or output."""

    run: str
    kind: str
    path: str


class Index:
    """A view of the ledger in the cache file `path`. What is asked of it is brought up to date."""

    def __init__(
        self, path: Path, ledger: FileLedger, leases: Leases, describer: Describer
    ) -> None:
        self._cache = CacheFile(path, SCHEMA, VERSION)
        self._ledger, self._leases, self._describer = ledger, leases, describer

    def follow(self) -> None:
        """Take in what was written since.

        Raises:
            BrokenLedger: the ledger cannot be followed from its beginning either.
        """
        sizes = self._ledger.positions()
        while True:
            generation = self._cache.generation
            known = self._cache.run(stored_positions)
            if {name: at.offset for name, at in known.items()} != sizes:
                try:
                    self._cache.write(self._take_in)
                except BrokenLedger:
                    if not known:
                        raise
                    self.rebuild()
            if generation == self._cache.generation:
                return

    def rebuild(self) -> None:
        """Forget all and take in the whole ledger."""

        def again(connection: sqlite3.Connection) -> None:
            clear(connection)
            self._take_in(connection)

        self._cache.write(again)

    def _take_in(self, connection: sqlite3.Connection) -> None:
        positions = stored_positions(connection)
        for line in self._ledger.lines(positions):
            fill(connection, line.entry, self._describer)
            positions[line.segment] = line.end
        save_positions(connection, positions)

    def find(
        self,
        filters: Sequence[Filter] = (),
        *,
        sort: Sort | None = None,
        limit: int | None = None,
        project: str | None = None,
        include_replays: bool = True,
    ) -> list[RunRow]:
        """Return the runs for which all filters hold, of one project or of all."""
        condition, ordering = where(filters), order(sort or Sort())
        sql = f"SELECT {_COLUMNS} FROM {_FROM} WHERE {condition.sql}"
        values = list(condition.values)
        if project is not None:
            sql += " AND runs.project = ?"
            values += storable([project])
        if not include_replays:
            sql += " AND runs.replay_of IS NULL"
        sql += f" ORDER BY {ordering.sql} LIMIT ?"
        values += [*storable(ordering.values), -1 if limit is None else limit]
        standings = self._standings()

        def select(connection: sqlite3.Connection) -> list[RunRow]:
            _note_standings(connection, standings)
            return _with_details(connection, connection.execute(sql, values).fetchall())

        return self._ask(select)

    def get(self, run: str) -> RunRow | None:
        """Return the run with that id, or None."""
        standings = self._standings()
        sql = f"SELECT {_COLUMNS} FROM {_FROM} WHERE runs.id = ?"

        def select(connection: sqlite3.Connection) -> list[RunRow]:
            _note_standings(connection, standings)
            return _with_details(connection, connection.execute(sql, (run,)).fetchall())

        rows = self._ask(select)
        return rows[0] if rows else None

    def uses_of(self, digest: Digest) -> list[FileUse]:
        """Return where content was used or came out, the latest run first."""
        sql = (
            "SELECT runs.id, run_files.kind, files.path FROM files JOIN run_files USING (listing)"
            " JOIN runs ON runs.id = run_files.run WHERE files.digest = ?"
            " ORDER BY runs.started_at DESC, 1, 2, 3"
        )
        key = bytes.fromhex(digest[len(PREFIX) :])
        self.follow()
        return self._ask(
            lambda connection: [FileUse(*row) for row in connection.execute(sql, (key,))]
        )

    def verdicts_of(self, run: str) -> list[VerdictRow]:
        """Return the verdicts on a run, and that on itself if it is a replay, the first first."""
        sql = (
            "SELECT replay, judgements.answer, judgements.body, at,"
            " COALESCE(runs.counterfactual, ''), isolated FROM judgements"
            " LEFT JOIN runs ON runs.id = judgements.replay"
            " WHERE original = ? OR replay = ? ORDER BY at, judgements.rowid"
        )
        self.follow()
        return [
            VerdictRow(replay, answer or "", body, at, changed, bool(isolated))
            for replay, answer, body, at, changed, isolated in self.select(sql, (run, run))
        ]

    def select(self, sql: str, values: Sequence[object]) -> list[_Row]:
        """Return the rows that a question of this room gives, as of the last `follow`."""
        bound = storable(values)
        return self._ask(lambda connection: connection.execute(sql, bound).fetchall())

    def close(self) -> None:
        """Close the cache's file."""
        self._cache.close()

    def _standings(self) -> dict[str, Status]:
        """Return how the runs stand that are not sealed."""
        self.follow()
        statuses = self._unsealed()
        if Status.INTERRUPTED in statuses.values():  # or sealed since we looked: then we see it now
            self.follow()
            statuses = {run: statuses[run] for run in self._unsealed() if run in statuses}
        return statuses

    def _unsealed(self) -> dict[str, Status]:
        rows = self.select("SELECT id FROM runs WHERE record IS NULL", ())
        return {str(run): _STATUS[self._leases.standing(str(run))] for (run,) in rows}

    def _ask(self, work: Callable[[sqlite3.Connection], Value]) -> Value:
        while True:
            generation = self._cache.generation
            value = self._cache.run(work)
            if generation == self._cache.generation:
                return value
            self.follow()


def _note_standings(connection: sqlite3.Connection, standings: dict[str, Status]) -> None:
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS standings (run TEXT PRIMARY KEY, status TEXT)"
    )
    connection.execute("DELETE FROM temp.standings")
    rows = [(run, status.value) for run, status in standings.items()]
    connection.executemany("INSERT INTO temp.standings VALUES (?,?)", rows)


def _with_details(connection: sqlite3.Connection, rows: list[_Row]) -> list[RunRow]:
    """Return the runs of `rows` with their tags, notes and metrics."""
    ids = [row[0] for row in rows]
    tags = _grouped(connection, "SELECT run, key, value FROM tags WHERE present", "key", ids)
    notes = _grouped(connection, "SELECT run, text FROM notes WHERE 1", "at", ids)
    metrics = _grouped(
        connection,
        "SELECT run, name, points, last_text, min_text, max_text FROM metrics WHERE 1",
        "name",
        ids,
    )
    found = []
    for row in rows:
        fields: _Row = (
            *row[:2],
            Status(row[2]),
            *row[3:-1],
            bool(row[-1]),
            tuple((key, value) for _, key, value in tags.get(row[0], ())),
            tuple(text for _, text in notes.get(row[0], ())),
            tuple(MetricRow._make(values[1:]) for values in metrics.get(row[0], ())),
        )
        found.append(RunRow(*fields))
    return found


def _grouped(
    connection: sqlite3.Connection, sql: str, ordering: str, runs: list[str]
) -> dict[str, list[_Row]]:
    """Return the rows of each run, which stands first in them."""
    groups: dict[str, list[_Row]] = defaultdict(list)
    for start in range(0, len(runs), AT_ONCE):
        chunk = runs[start : start + AT_ONCE]
        marks = ",".join("?" * len(chunk))
        for row in connection.execute(f"{sql} AND run IN ({marks}) ORDER BY {ordering}", chunk):
            groups[row[0]].append(row)
    return groups
