"""keep: what a record holds by reference is taken into the store, if it is still what it was."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anew.model.entry import RUN_KEPT
from anew.model.errors import ChangedWhileRead
from anew.model.inputs import CodeFile, FileKind, Input
from anew.model.record import Output
from anew.store.copying import stamp_of
from anew.store.listings import read_listing
from anew.trace.places import whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from anew.model.digest import Digest
    from anew.model.record import Record
    from anew.store.local import LocalStore
    from anew.store.protocol import Batch
    from anew.verbs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Referenced:
    """A file that a record knows by its digest; the store may not hold its bytes."""

    path: str
    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class Gone:
    """A referenced file whose bytes are nowhere to be found, and why."""

    path: str
    digest: Digest | None
    why: str


@dataclass(frozen=True, slots=True)
class KeptNow:
    """What was taken in, and what could not be."""

    kept: tuple[Referenced, ...]
    gone: tuple[Gone, ...]


def keep(workspace: Workspace, record: Record) -> KeptNow:
    """Take in what `record` holds by reference, each file verified against its digest.

    Raises:
        MissingObject, DamagedObject: a list of the record cannot be read.
        OSError: the store cannot be written.
    """
    store = workspace.store
    wanted: dict[Digest, list[Referenced]] = {}
    for each in referenced(record, store):
        wanted.setdefault(each.digest, []).append(each)
    held = store.has_many(wanted)
    kept: list[Referenced] = []
    gone: list[Gone] = []
    with store.in_use():
        batch = store.begin()
        try:
            for digest, places in wanted.items():
                if digest not in held:
                    lost = _take_any(places, record.project, store, batch)
                    gone += lost
                    kept += [] if lost else places
            batch.commit()
        finally:
            batch.discard()
        if kept:
            size = sum(each.size for each in kept)
            workspace.ledger.append(RUN_KEPT, record.id, text=f"{len(kept)} files, {size} bytes")
    return KeptNow(tuple(kept), tuple(gone))


def referenced(record: Record, store: LocalStore) -> Iterator[Referenced]:
    """Yield the files that a record names by digest."""
    lists: tuple[Iterator[CodeFile | Input | Output], ...] = (
        read_listing(store, record.recipe.code.files, CodeFile),
        read_listing(store, record.recipe.inputs, Input),
        read_listing(store, record.outcome.outputs, Output),
    )
    for files in lists:
        for file in files:
            if file.kind is FileKind.FILE and file.digest is not None:
                yield Referenced(file.path, file.digest, file.size)


def _take_any(
    places: Sequence[Referenced], project: str, store: LocalStore, batch: Batch
) -> list[Gone]:
    """Take one content in from the first place that still has it; else return why none has."""
    lost = []
    for each in places:
        why = _take(each, whole(each.path, project), store, batch)
        if not why:
            return []
        lost.append(Gone(each.path, each.digest, why))
    return lost


def why_gone(digest: Digest, size: int, path: str, store: LocalStore) -> str:
    """Return why the file at `path` cannot stand for what a record names; nothing if it can.

    It is read only where the store does not know what a file in that state holds.
    """
    try:
        stamp = stamp_of(os.stat(path))
        if stamp.size != size or store.fingerprint(path, stamp) != digest:
            return f"other bytes lie at {path}"
    except (OSError, ChangedWhileRead) as error:
        return _why(error, path)
    return ""


def _why(error: OSError | ChangedWhileRead, path: str) -> str:
    if isinstance(error, FileNotFoundError):
        return f"nothing lies at {path}"
    if isinstance(error, ChangedWhileRead):
        return f"{path} changed while it was read"
    return f"{path} cannot be read: {error.strerror or error}"


def _take(wanted: Referenced, path: str, store: LocalStore, batch: Batch) -> str:
    """Take a file in; return why it could not be."""
    why = why_gone(wanted.digest, wanted.size, path, store)
    if why:
        return why
    try:
        stamp = stamp_of(os.stat(path))
        if not store.free_space_allows(wanted.size):
            return "the file system of the store is nearly full"
        batch.add_file(path, stamp)
    except (OSError, ChangedWhileRead) as error:
        return _why(error, path)
    return ""
