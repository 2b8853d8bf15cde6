"""ObjectIndex: which pack holds an object; a view of the packs' own indexes, in the cache."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from anew.model.digest import Digest
from anew.model.errors import DamagedObject
from anew.store.cachefile import CacheFile
from anew.store.packs import SUFFIX, Frame, from_raw, read_index, to_raw

Value = TypeVar("Value")

CHUNK = 900
FEW = 4  # rows are read in a fourth of the time in which one is looked up
VERSION = 1
SCHEMA = """
CREATE TABLE packs (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE objects (digest BLOB, pack INTEGER, start INTEGER, length INTEGER, raw INTEGER,
  codec INTEGER, PRIMARY KEY (digest, pack)) WITHOUT ROWID
"""
_SELECT = """
SELECT objects.digest, packs.name, start, length, raw, codec
FROM objects JOIN packs ON packs.id = objects.pack
"""


class Place(NamedTuple):
    """Where an object lies: the file name of a pack, and the frame in it."""

    pack: str
    frame: Frame


class ObjectIndex:
    """Answers from the cache, which is brought up to date from the packs by `sync`.

    `damaged` holds, by file name, why a pack could not be taken in.
    """

    def __init__(self, folder: Path, cache: Path) -> None:
        self.damaged: dict[str, DamagedObject] = {}
        self._folder = folder
        self._cache = CacheFile(cache, SCHEMA, VERSION)
        self._synced = -1

    def sync(self) -> None:
        """Take in the packs that came, and forget those that went."""
        names = {path.name for path in self._folder.iterdir() if path.name.endswith(SUFFIX)}
        while True:
            generation = self._cache.generation
            listed = self._cache.run(_listed)
            gone, came = listed - names, names - listed
            if gone or came - self.damaged.keys():
                packs = dict(self._read(came))
                self._cache.write(lambda connection: _replace(connection, gone, packs))  # noqa: B023
            if generation == self._cache.generation:
                break
        self._synced = generation

    def _read(self, names: Iterable[str]) -> Iterator[tuple[str, Sequence[Frame]]]:
        for name in names:
            try:
                yield name, read_index(self._folder / name)
                self.damaged.pop(name, None)
            except FileNotFoundError:
                continue
            except DamagedObject as error:
                self.damaged[name] = error

    def add(self, name: str, frames: Sequence[Frame]) -> None:
        """Take in a pack whose frames are known."""
        self._cache.write(lambda connection: _replace(connection, (), {name: frames}))

    def find(self, digest: Digest) -> Place | None:
        """Return where an object lies, as of the last `sync`."""
        return next(iter(self.find_all(digest)), None)

    def find_all(self, digest: Digest) -> list[Place]:
        """Return all places where an object lies, as of the last `sync`."""
        key = to_raw(digest)
        question = _SELECT + "WHERE objects.digest = ?"
        rows = self._ask(lambda connection: connection.execute(question, (key,)).fetchall())
        return [Place(row[1], Frame(digest, *row[2:])) for row in rows]

    def find_many(self, digests: Iterable[Digest]) -> dict[Digest, Place]:
        """Return where those objects lie that lie in packs, as of the last `sync`."""
        keys = [to_raw(digest) for digest in digests]

        def select(connection: sqlite3.Connection) -> dict[Digest, Place]:
            found = {}
            rest = iter(keys)
            while chunk := list(islice(rest, CHUNK)):
                marks = ",".join("?" * len(chunk))
                for row in connection.execute(
                    f"{_SELECT} WHERE objects.digest IN ({marks})", chunk
                ):
                    digest = from_raw(row[0])
                    found[digest] = Place(row[1], Frame(digest, *row[2:]))
            return found

        return self._ask(select)

    def held(self, digests: Iterable[Digest]) -> set[Digest]:
        """Return those objects that lie in packs, as of the last `sync`."""
        asked = set(digests)

        def select(connection: sqlite3.Connection) -> set[Digest]:
            if _is_small(connection, FEW * len(asked)):
                rows = connection.execute("SELECT digest FROM objects")
                return asked.intersection([from_raw(raw) for (raw,) in rows])
            found: set[Digest] = set()
            rest = map(to_raw, asked)
            while chunk := list(islice(rest, CHUNK)):
                marks = ",".join("?" * len(chunk))
                question = f"SELECT digest FROM objects WHERE digest IN ({marks})"
                found.update(from_raw(row[0]) for row in connection.execute(question, chunk))
            return found

        return self._ask(select)

    def packs_of(self, digests: Iterable[Digest]) -> set[str]:
        """Return all packs that hold any of those objects, as of the last `sync`."""
        keys = [to_raw(digest) for digest in digests]
        question = (
            "SELECT packs.name FROM objects JOIN packs ON packs.id = objects.pack"
            " WHERE objects.digest = ?"
        )

        def select(connection: sqlite3.Connection) -> set[str]:
            return {name for key in keys for (name,) in connection.execute(question, (key,))}

        return self._ask(select)

    def digests(self) -> set[Digest]:
        """Return all objects in packs, as of the last `sync`."""
        question = "SELECT DISTINCT digest FROM objects"
        rows = self._ask(lambda connection: connection.execute(question).fetchall())
        return {from_raw(row[0]) for row in rows}

    def rebuild(self) -> None:
        """Forget all, and take every pack in anew: the cache contradicts a pack."""
        self._cache.write(_empty)
        self.damaged.clear()
        self.sync()

    def close(self) -> None:
        """Close the cache's file."""
        self._cache.close()

    def _ask(self, work: Callable[[sqlite3.Connection], Value]) -> Value:
        while True:
            if self._synced != self._cache.generation:
                self.sync()
            value = self._cache.run(work)
            if self._synced == self._cache.generation:
                return value


def _is_small(connection: sqlite3.Connection, most: int) -> bool:
    """Say whether the index has no more than `most` rows; no more than those are counted."""
    question = "SELECT 1 FROM objects LIMIT 1 OFFSET ?"
    return connection.execute(question, (most,)).fetchone() is None


def _listed(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM packs")}


def _replace(
    connection: sqlite3.Connection, gone: Iterable[str], packs: dict[str, Sequence[Frame]]
) -> None:
    for name in gone:
        question = "DELETE FROM objects WHERE pack IN (SELECT id FROM packs WHERE name = ?)"
        connection.execute(question, (name,))
        connection.execute("DELETE FROM packs WHERE name = ?", (name,))
    for name, frames in packs.items():
        added = connection.execute("INSERT OR IGNORE INTO packs (name) VALUES (?)", (name,))
        if not added.rowcount:
            continue  # another process was faster
        pack = added.lastrowid
        connection.executemany(
            "INSERT INTO objects VALUES (?,?,?,?,?,?)",
            [
                (to_raw(frame.digest), pack, frame.offset, frame.length, frame.raw, frame.codec)
                for frame in frames
            ],
        )


def _empty(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM objects")
    connection.execute("DELETE FROM packs")
