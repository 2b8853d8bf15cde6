"""SQLite databases: definitions and rows. Free pages and counters say nothing of the result."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator

from anew.formats.digits import whole
from anew.formats.protocol import MOST_EXPANDED, Source, TooLarge, Unreadable, check_size
from anew.model.digest import digest_bytes
from anew.model.reading import Blob, Ignored, Leaf, Reading, blob

MAGIC = b"SQLite format 3\0"
MOST_VALUES = 1_000_000
# Read and write versions of the file (file format, 1.3.3): 2 asks for a write-ahead log beside it.
_VERSIONS, _WITHOUT_LOG = slice(18, 20), b"\1\1"
_SETTINGS = ("user_version", "application_id", "encoding")


def read_sqlite(source: Source) -> Reading:
    """Read what each table holds, in the order of its row ids; nothing of the file is executed.

    Source: sqlite.org/fileformat2.html. A write-ahead log beside it is a file of its own.
    """
    check_size(len(source.data), MOST_EXPANDED)
    data = bytearray(source.data)
    data[_VERSIONS] = _WITHOUT_LOG
    try:
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(bytes(data))
            database.text_factory = _text
            for setting in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
                database.execute(f"PRAGMA {setting}")
            if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise Unreadable("the database is damaged")
            parts = tuple(_parts(database))
    except sqlite3.Error as error:
        raise Unreadable(str(error)) from error
    rest = Ignored("free pages and counters of the database", digest_bytes(source.data))
    return Reading("SQLite", parts, (rest,))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _parts(database: sqlite3.Connection) -> Iterator[Leaf | Blob]:
    for name in _SETTINGS:
        (value,) = database.execute(f"PRAGMA {name}").fetchone()
        yield Leaf(name, value)
    things = database.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")
    tables = []
    for kind, name, sql in things.fetchall():
        yield Leaf(f"{kind} {name}", sql or "")
        is_virtual = (sql or "").upper().startswith("CREATE VIRTUAL")  # its rows lie in others
        if kind == "table" and not is_virtual:
            tables.append(name)
    count = 0
    for table in tables:
        for number, row in enumerate(_rows(database, table), 1):
            count += len(row)
            if count > MOST_VALUES:
                raise TooLarge(f"more than {MOST_VALUES:,} values")
            for column, value in enumerate(row):
                yield _value(f"{table}, row {number}, column {column}", value)


def _rows(database: sqlite3.Connection, table: str) -> sqlite3.Cursor:
    """Return the rows of a table with their ids before them, where it has any."""
    quoted = '"' + table.replace('"', '""') + '"'
    try:
        return database.execute(f"SELECT rowid, * FROM {quoted} ORDER BY rowid")
    except sqlite3.OperationalError:  # WITHOUT ROWID: in the order of the key
        return database.execute(f"SELECT * FROM {quoted}")


def _value(place: str, value: object) -> Leaf | Blob:
    if isinstance(value, bytes):
        return blob(place, value)
    if isinstance(value, float):
        return Leaf(place, value)
    if isinstance(value, int):
        found = whole(value)
        return Leaf(place, found.value, found.digits) if found else Leaf(place, value)
    return Leaf(place, json.dumps(value, ensure_ascii=False))
