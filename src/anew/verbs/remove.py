"""remove: runs go, and with them the bytes that nothing else needs; the history stays."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anew.ledger.leases import Leases
from anew.model.entry import (
    ENVIRONMENT_ARCHIVED,
    RUN_OPENED,
    RUN_REMOVED,
    RUN_SEALED,
    VERDICT_GIVEN,
)
from anew.model.errors import AnewError, WrongUsage
from anew.model.record import SHORT_ID, Status
from anew.verbs import opening
from anew.verbs.objects import Walk
from anew.verbs.places import forget_places

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from anew.ledger.rows import RunRow
    from anew.model.digest import Digest
    from anew.model.entry import Entry
    from anew.verbs.workspace import Workspace

_OF_RUNS = (RUN_OPENED, RUN_SEALED, VERDICT_GIVEN)


@dataclass(frozen=True, slots=True)
class Removed:
    """What was, or would be, removed. `freed` in bytes; `unread` runs forbade freeing anything."""

    runs: tuple[str, ...]
    freed: int
    objects: int
    unread: tuple[str, ...] = ()


def refuse_running(rows: Iterable[RunRow]) -> None:
    """Make sure that none of the runs still goes on.

    Raises:
        WrongUsage: one does.
    """
    for row in rows:
        if row.status is Status.RUNNING:
            raise WrongUsage(
                f"the run {row.id[:SHORT_ID]} still goes on",
                why="what it records would be lost",
                hint="stop it, or wait for its end",
            )


def remove(workspace: Workspace, rows: Sequence[RunRow], *, dry: bool = False) -> Removed:
    """Remove runs; with `dry` say only what that would free.

    Objects that any other run, verdict or later kind of entry names stay. Where the lists of
    another run cannot be read nobody knows what it needs: then nothing is freed.

    Raises:
        WrongUsage: a run still goes on.
        StoreUnusable: a run is being stored all the while.
    """
    refuse_running(rows)
    ids = {row.id for row in rows}
    store = workspace.store
    with store.alone():
        entries = list(workspace.ledger.entries())
        gone = {entry.subject for entry in entries if entry.kind == RUN_REMOVED}
        unwanted, unread = _unwanted(workspace, entries, ids | gone)
        names = tuple(row.id for row in rows)
        if dry:
            held = store.has_many(unwanted)
            return Removed(names, store.size_on_disk(held), len(held), unread)
        leases = Leases(workspace.root)
        for row in rows:
            shutil.rmtree(workspace.spools / row.id, ignore_errors=True)
            leases.release(row.id)
            workspace.ledger.append(RUN_REMOVED, row.id)
        held = store.has_many(unwanted)
        freed = store.drop(held)
        forget_places(workspace.root, needed=_archives_left(entries, held))
        return Removed(names, freed, len(held), unread)


def _archives_left(entries: Iterable[Entry], dropped: Collection[Digest]) -> set[Digest]:
    return {
        entry.body for entry in entries
        if entry.kind == ENVIRONMENT_ARCHIVED and entry.body and entry.body not in dropped
    }  # fmt: skip


def _unwanted(
    workspace: Workspace, entries: Iterable[Entry], gone: Collection[str]
) -> tuple[set[Digest], tuple[str, ...]]:
    """Return the objects of runs that go, or went before, that nothing else names."""
    walk = Walk(workspace.store)
    wanted: set[Digest] = set()
    unwanted: set[Digest] = set()
    unread: list[str] = []
    held = workspace.store.digests()
    environments: set[Digest] = set()
    archived: list[Entry] = []
    for entry in entries:
        if entry.body is None:
            continue
        if entry.kind == ENVIRONMENT_ARCHIVED:
            archived.append(entry)
            continue
        stays = entry.subject not in gone or entry.kind not in _OF_RUNS
        side = wanted if stays else unwanted
        side.add(entry.body)
        if entry.kind != RUN_SEALED or (not stays and entry.body not in held):
            continue  # of a run that went before all is gone with its record
        known = len(walk.unread)
        side.update(each.digest for each in walk.record(entry.body))
        if stays and len(walk.unread) > known:
            unread.append(entry.subject)
        if stays and entry.body in walk.environments:
            environments.add(walk.environments[entry.body])
    unread += _archives(walk, archived, environments, (wanted, unwanted), held)
    unread += _begun(workspace, gone, wanted)
    if unread:
        return set(), tuple(dict.fromkeys(unread))
    return unwanted - wanted, ()


def _archives(
    walk: Walk,
    entries: Iterable[Entry],
    environments: Collection[str],
    sides: tuple[set[Digest], set[Digest]],
    held: Collection[Digest],
) -> list[str]:
    """Add what archives need to one of `sides`: they stay as long as a run has the environment.

    Return the runs whose archives must stay and cannot be read.
    """
    unread = []
    for entry in entries:
        if entry.body is None or entry.body not in held:
            continue
        stays = entry.text in environments
        known = len(walk.unread)
        sides[not stays].update(each.digest for each in walk.archive(entry.body))
        if stays and len(walk.unread) > known:
            unread.append(entry.subject)
    return unread


def _begun(workspace: Workspace, gone: Collection[str], wanted: set[Digest]) -> list[str]:
    """Add to `wanted` what runs hold that are not sealed; return those that cannot be read."""
    unread = []
    try:
        spools = sorted(workspace.spools.iterdir())
    except OSError:
        return []
    for spool in spools:
        if spool.name in gone:
            continue
        try:
            wanted.update(opening.read(spool)[1].early.values())
        except (OSError, ValueError, AnewError):
            unread.append(spool.name)
    return unread
