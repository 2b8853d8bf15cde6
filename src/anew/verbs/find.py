"""find: from what is written for a run to its record."""

from anew.facets import project
from anew.ledger.describing import StoreDescriber
from anew.ledger.index import Index
from anew.ledger.leases import Leases
from anew.ledger.resolving import Resolved, resolve
from anew.ledger.rows import RunRow
from anew.model.canonical import decode
from anew.model.errors import NotSealed
from anew.model.record import Record
from anew.verbs.workspace import Workspace


def index_of(workspace: Workspace) -> Index:
    """Return the searchable view of the workspace's runs."""
    uuid = workspace.store.layout.uuid
    return Index(
        workspace.cache / f"runs-{uuid}.sqlite",
        workspace.ledger,
        Leases(workspace.root),
        StoreDescriber(workspace.store),
    )


def resolve_run(workspace: Workspace, text: str, directory: str) -> Resolved:
    """Return the run that `text` stands for, typed in `directory`.

    Raises:
        UnknownRun: there is none, or more than one.
    """
    root = project.find(directory, None).root
    return resolve(index_of(workspace), text, root)


def find_row(workspace: Workspace, text: str, directory: str) -> RunRow:
    """Return what the index knows of the run that `text` stands for."""
    found = resolve_run(workspace, text, directory)
    row = index_of(workspace).get(found.id)
    assert row is not None
    return row


def find_record(workspace: Workspace, text: str, directory: str) -> Record:
    """Return the record of the run that `text` stands for.

    Raises:
        UnknownRun: there is no such run, or more than one.
        NotSealed: it has no record yet.
    """
    row = find_row(workspace, text, directory)
    if row.record is None:
        raise NotSealed(
            f"the run {row.id[:6]} has no record",
            why=f"it is {row.status}",
            hint=f"if it is over, finish it with `anew seal {row.id[:6]}`",
        )
    return decode(workspace.store.read(row.record), Record)
