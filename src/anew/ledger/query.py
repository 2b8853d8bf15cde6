"""Query: what to look for among runs, and the SQL that finds it, values bound."""

import math
import operator
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec
from msgspec import Struct, field

from anew.model.digest import PREFIX, Digest
from anew.model.status import Status


class Comparison(StrEnum):
    """How a value is compared."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="


class NameLike(Struct, frozen=True):
    """The name fits a pattern of `*`, `?` and `[…]`."""

    pattern: str


class HasTag(Struct, frozen=True):
    """The run has the tag, with that value if one is given."""

    key: str
    value: str | None = None


class HasStatus(Struct, frozen=True):
    """The run stands so."""

    status: Status


class ParameterIs(Struct, frozen=True):
    """A parameter compares so: as a number if `value` is one, else as text."""

    name: str
    comparison: Comparison
    value: str


class MetricIs(Struct, frozen=True):
    """The last value of a metric compares so."""

    name: str
    comparison: Comparison
    value: float


class TrackIs(Struct, frozen=True):
    """The run has entered that track."""

    track: str


class CommitIs(Struct, frozen=True):
    """The code was at a commit that begins so."""

    prefix: str


class UsesContent(Struct, frozen=True):
    """A file of the run's code, inputs or outputs has this content."""

    digest: Digest


class UsesPath(Struct, frozen=True):
    """A file of the run's code, inputs or outputs has this path in the record."""

    path: str


class RecipeIs(Struct, frozen=True):
    """The run carried out this recipe: by its digest, or its exact one."""

    digest: Digest


class ReplayOf(Struct, frozen=True):
    """The run is a replay of that one."""

    run: str


class Since(Struct, frozen=True):
    """The run started then or later."""

    time: str


class Until(Struct, frozen=True):
    """The run started before then."""

    time: str


class Text(Struct, frozen=True):
    """Command, name, a tag or a note contains it, in either case of its letters."""

    words: str


Filter = (
    NameLike
    | HasTag
    | HasStatus
    | ParameterIs
    | MetricIs
    | TrackIs
    | CommitIs
    | UsesContent
    | UsesPath
    | RecipeIs
    | ReplayOf
    | Since
    | Until
    | Text
)

SORTABLE = {
    "started_at": "runs.started_at",
    "duration": "runs.duration",
    "name": "names.name",
    "status": "standing",
    "command": "runs.command",
    "input_size": "runs.input_size",
    "output_size": "runs.output_size",
}


class Sort(Struct, frozen=True):
    """By a field of `SORTABLE`, or by the last value of `metric`; runs without one come last."""

    field: str = "started_at"
    metric: str | None = None
    descending: bool = True


class Clause(Struct, frozen=True):
    """A piece of SQL and the values for its question marks."""

    sql: str
    values: tuple[object, ...] = field(default=())


def where(filters: Sequence[Filter]) -> Clause:
    """Return the condition that all of `filters` hold."""
    clauses = [_clause(each) for each in filters]
    sql = " AND ".join(f"({clause.sql})" for clause in clauses) or "1"
    return Clause(sql, storable(value for clause in clauses for value in clause.values))


def order(sort: Sort) -> Clause:
    """Return the order: by `sort`, then the latest first."""
    direction = "DESC" if sort.descending else "ASC"
    last = "runs.started_at DESC, runs.id"
    if sort.metric is not None:
        inner = "(SELECT last FROM metrics WHERE metrics.run = runs.id AND metrics.name = ?)"
        return Clause(f"{inner} {direction} NULLS LAST, {last}", (sort.metric,))
    return Clause(f"{SORTABLE[sort.field]} {direction} NULLS LAST, {last}")


def storable(values: Iterable[object]) -> tuple[object, ...]:
    r"""Return values as SQLite can hold them: a byte of a name that is no UTF-8 as `\udcXX`."""
    return tuple(
        value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
        for value in values
    )


def number(text: str) -> float | None:
    """Return the finite number that `text` is, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def plain(value: str) -> str:
    """Return JSON text as one would type it: a string without its quotes."""
    try:
        inner = msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return value
    return inner if isinstance(inner, str) else value


def _clause(each: Filter) -> Clause:
    match each:
        case HasTag(key, value):
            both = " AND tags.value = ?" if value is not None else ""
            sql = f"EXISTS (SELECT 1 FROM tags WHERE run = runs.id AND present AND key = ?{both})"
            return Clause(sql, (key,) if value is None else (key, value))
        case ParameterIs(name, comparison, value):
            asked: object = number(value)
            column = "text" if asked is None else "number"
            return _compared(
                "parameters", column, name, comparison, value if asked is None else asked
            )
        case MetricIs(name, comparison, wanted):
            return _compared("metrics", "last", name, comparison, wanted)
        case UsesContent(digest):
            return _file("digest", bytes.fromhex(digest[len(PREFIX) :]))
        case UsesPath(path):
            return _file("path", path)
        case Text(words):
            return _text(words)
        case _:
            return _simple(each)


def _simple(
    each: NameLike | HasStatus | TrackIs | CommitIs | RecipeIs | ReplayOf | Since | Until,
) -> Clause:
    match each:
        case NameLike(pattern):
            return Clause("names.name GLOB ?", (pattern,))
        case HasStatus(status):
            return Clause("standing = ?", (status.value,))
        case TrackIs(track):
            return Clause("COALESCE(tracks.track, 'exploratory') = ?", (track,))
        case CommitIs(prefix):
            return Clause('substr(runs."commit", 1, ?) = ?', (len(prefix), prefix))
        case RecipeIs(digest):
            return Clause("runs.recipe = ? OR runs.exact = ?", (digest, digest))
        case ReplayOf(run):
            return Clause("runs.replay_of = ?", (run,))
        case Since(time):
            return Clause("runs.started_at >= ?", (time,))
        case Until(time):
            return Clause("runs.started_at < ?", (time,))


def _file(column: str, value: object) -> Clause:
    files = f"SELECT run FROM run_files JOIN files USING (listing) WHERE files.{column} = ?"
    return Clause(f"runs.id IN ({files})", (value,))


def _compared(table: str, column: str, name: str, how: Comparison, value: object) -> Clause:
    sql = (
        f"EXISTS (SELECT 1 FROM {table} AS asked WHERE asked.run = runs.id AND asked.name = ?"
        f" AND asked.{column} {how.value} ?)"
    )
    return Clause(sql, (name, value))


def _text(words: str) -> Clause:
    (held,) = storable([words])
    escaped = str(held).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    places = (
        "runs.command {0}",
        "names.name {0}",
        "EXISTS (SELECT 1 FROM notes WHERE run = runs.id AND text {0})",
        "EXISTS (SELECT 1 FROM tags WHERE run = runs.id AND present AND (key {0} OR value {0}))",
    )
    sql = " OR ".join(places).format("LIKE ? ESCAPE '\\'")
    return Clause(sql, (f"%{escaped}%",) * operator.countOf(sql, "?"))
