"""Resolving: which run is meant by what stands on a command line."""

import difflib
import re

from msgspec import Struct

from anew.ledger.index import Index
from anew.model.errors import UnknownRun
from anew.model.status import SHORT_ID

_NTH = re.compile(r"@([1-9][0-9]{0,8})")
_CANDIDATES = 8
_NAMES = 1000


class Resolved(Struct, frozen=True):
    """The run that is meant; `older` others have the same name."""

    id: str
    older: int = 0


def resolve(index: Index, text: str, project: str | None) -> Resolved:
    """Return the run that `text` names: by id, name, beginning of an id, or as `@N`.

    `@N` counts back from the latest run that is no replay: of `project` if it has runs, else of
    all.

    Raises:
        UnknownRun: none answers to that, or more than one; it names what might be meant.
    """
    index.follow()
    if index.select("SELECT 1 FROM runs WHERE id = ?", (text,)):
        return Resolved(text)
    named = index.select(
        "SELECT runs.id FROM names JOIN runs ON runs.id = names.run WHERE names.name = ?"
        " ORDER BY runs.started_at DESC, runs.id",
        (text,),
    )
    if named:
        return Resolved(named[0][0], len(named) - 1)
    if nth := _NTH.fullmatch(text):
        return _nth(index, int(nth[1]), project)
    begins = index.select(
        "SELECT runs.id, names.name FROM runs LEFT JOIN names ON names.run = runs.id"
        " WHERE substr(runs.id, 1, ?) = ? ORDER BY runs.started_at DESC, runs.id LIMIT ?",
        (len(text), text, _CANDIDATES + 1),
    )
    if text and len(begins) == 1:
        return Resolved(begins[0][0])
    if text and begins:
        raise _ambiguous(text, [(run, name) for run, name in begins])
    raise _unknown(index, text)


def _nth(index: Index, count: int, project: str | None) -> Resolved:
    question = "SELECT id FROM runs WHERE replay_of IS NULL{} ORDER BY started_at DESC, id"
    mine = index.select(question.format(" AND project = ?"), (project,)) if project else []
    runs = mine or index.select(question.format(""), ())
    if count <= len(runs):
        return Resolved(runs[count - 1][0])
    place = f"`{project}` has" if mine else "the store has"
    raise UnknownRun(
        f"no run answers to `@{count}`",
        why=f"{place} {len(runs)} runs that are no replays",
        hint="see them with `anew ls --all`",
    )


def _ambiguous(text: str, candidates: list[tuple[str, str | None]]) -> UnknownRun:
    length = max(SHORT_ID, len(text) + 2)
    shown = [
        run[:length] + (f" ({name})" if name else "") for run, name in candidates[:_CANDIDATES]
    ]
    more = ", …" if len(candidates) > _CANDIDATES else ""
    return UnknownRun(
        f"more than one run answers to `{text}`",
        why=f"{', '.join(shown)}{more}",
        hint="give more of the id",
    )


def _unknown(index: Index, text: str) -> UnknownRun:
    rows = index.select(
        "SELECT DISTINCT names.name FROM names JOIN runs ON runs.id = names.run"
        " WHERE names.name IS NOT NULL LIMIT ?",
        (_NAMES,),
    )
    near = difflib.get_close_matches(text, [name for (name,) in rows], 3)
    meant = f"did you mean {' or '.join(f'`{name}`' for name in near)}? " if near else ""
    return UnknownRun(
        f"no run answers to `{text}`",
        why="it is neither an id, nor the beginning of one, nor a name",
        hint=f"{meant}`anew ls --all` lists every run",
    )
