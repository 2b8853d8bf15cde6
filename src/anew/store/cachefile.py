"""CacheFile: an SQLite file that may vanish, break or be unwritable without harm."""

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Value = TypeVar("Value")

BUSY_SECONDS = 10
FIRST, AGAIN, IN_MEMORY = range(3)
_DAMAGED = frozenset(
    (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)
)


class CacheFile:
    """One connection to a cache. What is asked of it is asked anew after a loss.

    A damaged file is thrown away; where none can be had the cache lies in memory.
    `generation` changes whenever its contents were lost.
    """

    def __init__(self, path: Path, schema: str, version: int) -> None:
        self.generation = 0
        self._path, self._schema, self._version = path, schema, version
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._in_memory = False

    def run(self, work: Callable[[sqlite3.Connection], Value]) -> Value:
        """Return what `work` returns. It runs in a transaction only if it begins one."""
        with self._lock:
            for attempt in (FIRST, AGAIN, IN_MEMORY):
                try:
                    return work(self._connected())
                except (sqlite3.Error, OSError) as error:
                    if attempt == IN_MEMORY:
                        raise
                    self._lose(error, for_good=attempt == AGAIN)
        raise AssertionError

    def write(self, work: Callable[[sqlite3.Connection], Value]) -> Value:
        """Return what `work` returns, run in one transaction that takes the write lock first."""

        def transaction(connection: sqlite3.Connection) -> Value:
            connection.execute("BEGIN IMMEDIATE")
            try:
                value = work(connection)
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            return value

        return self.run(transaction)

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
                self.generation += self._in_memory
            self._connection = None

    def _connected(self) -> sqlite3.Connection:
        if self._pid != os.getpid():  # a connection must not be used across a fork
            self._connection, self._pid = None, os.getpid()
            self.generation += self._in_memory
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        if not self._in_memory:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(
            ":memory:" if self._in_memory else self._path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, self._version):
            raise sqlite3.DatabaseError("a cache of another version")
        if not version:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(
                f"BEGIN IMMEDIATE; {self._schema}; PRAGMA user_version={self._version}; COMMIT"
            )
        connection.execute("PRAGMA synchronous=NORMAL")

    def _lose(self, error: Exception, *, for_good: bool) -> None:
        """Close the connection; remove the file if it is damaged, or go without one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        damaged = isinstance(error, sqlite3.Error) and code & 0xFF in _DAMAGED
        if damaged and not for_good and not self._in_memory:
            for suffix in ("", "-wal", "-shm"):
                try:
                    Path(f"{self._path}{suffix}").unlink(missing_ok=True)
                except OSError:
                    self._in_memory = True
        else:
            self._in_memory = True
        self.generation += 1
