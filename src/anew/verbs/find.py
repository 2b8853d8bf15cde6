"""find: from what is written for a run to what is known of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from anew.facets import project
from anew.ledger.index import Index
from anew.ledger.leases import Leases
from anew.ledger.resolving import Resolved, resolve
from anew.model.errors import NotSealed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anew.ledger.rows import Describer, RunRow
    from anew.model.digest import Digest
    from anew.model.record import Record
    from anew.verbs.workspace import Workspace


class Found(Struct, frozen=True):
    """The run that is meant; `older` others have the same name."""

    row: RunRow
    older: int = 0


class _LateDescriber:
    """Reads bodies only if the ledger has new ones: a list of known runs is there at once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._made: Describer | None = None

    @property
    def _real(self) -> Describer:
        if self._made is None:
            from anew.ledger.describing import StoreDescriber  # noqa: PLC0415 - start-up is felt

            self._made = StoreDescriber(self._workspace.store)
        return self._made

    def opened(self, run: str, request: Digest) -> RunRow:
        return self._real.opened(run, request)

    def sealed(self, run: str, record: Digest) -> RunRow:
        return self._real.sealed(run, record)

    def verdict(self, body: Digest) -> str:
        return self._real.verdict(body)


def index_of(workspace: Workspace) -> Index:
    """Return the searchable view of the workspace's runs; the caller closes it."""
    uuid = workspace.store.layout.uuid
    return Index(
        workspace.cache / f"runs-{uuid}.sqlite",
        workspace.ledger,
        Leases(workspace.root),
        _LateDescriber(workspace),
    )


@contextmanager
def indexed(workspace: Workspace) -> Iterator[Index]:
    """Give the searchable view of the workspace's runs, closed at the end."""
    index = index_of(workspace)
    try:
        yield index
    finally:
        index.close()


def project_of(directory: str) -> str:
    """Return the project that `directory` lies in."""
    return project.find(directory, None).root


def resolve_run(workspace: Workspace, text: str, directory: str) -> Resolved:
    """Return the run that `text` stands for, typed in `directory`.

    Raises:
        UnknownRun: there is none, or more than one.
    """
    with indexed(workspace) as index:
        return resolve(index, text, project_of(directory))


def find_run(workspace: Workspace, text: str, directory: str) -> Found:
    """Return the run that `text` stands for, with what the index knows of it.

    Raises:
        UnknownRun: there is none, or more than one.
    """
    with indexed(workspace) as index:
        meant = resolve(index, text, project_of(directory))
        row = index.get(meant.id)
    assert row is not None
    return Found(row, meant.older)


def find_row(workspace: Workspace, text: str, directory: str) -> RunRow:
    """Return what the index knows of the run that `text` stands for."""
    return find_run(workspace, text, directory).row


def find_record(workspace: Workspace, text: str, directory: str) -> Record:
    """Return the record of the run that `text` stands for.

    Raises:
        UnknownRun: there is no such run, or more than one.
        NotSealed: it has no record yet.
    """
    return record_of(workspace, find_row(workspace, text, directory))


def record_of(workspace: Workspace, row: RunRow) -> Record:
    """Return the record of a run.

    Raises:
        NotSealed: it has no record yet.
    """
    from anew.model.canonical import decode  # noqa: PLC0415 - start-up is felt
    from anew.model.record import Record  # noqa: PLC0415

    if row.record is None:
        raise NotSealed(
            f"the run {row.id[:6]} has no record",
            why=f"it is {row.status}",
            hint=f"if it is over, finish it with `anew seal {row.id[:6]}`",
        )
    return decode(workspace.store.read(row.record), Record)
