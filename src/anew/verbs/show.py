"""show: all that is known of one run, its lists read, and what the store holds of it now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from anew.model.canonical import decode
from anew.model.errors import AnewError
from anew.model.inputs import CodeFile, FileKind, Input, Library, Package, Variable
from anew.model.metric import Metric
from anew.model.processes import Access, Process
from anew.model.recipe import Request
from anew.model.record import Output, Record
from anew.store.listings import read_listing
from anew.trace.touching import Touch, by_process
from anew.verbs.find import indexed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anew.ledger.rows import RunRow, VerdictRow
    from anew.model.circumstances import Circumstances
    from anew.model.digest import Digest
    from anew.model.tree import Listing
    from anew.store.local import LocalStore
    from anew.verbs.workspace import Workspace

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Files:
    """The lists of a record, and which of their objects the store holds now."""

    code: tuple[CodeFile, ...]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    packages: tuple[Package, ...]
    libraries: tuple[Library, ...]
    variables: tuple[Variable, ...]
    metrics: tuple[Metric, ...]
    processes: tuple[Process, ...]
    accesses: tuple[Access, ...]
    main: int
    held: frozenset[Digest]


@dataclass(frozen=True, slots=True)
class Shown:
    """A run. One that is not sealed has no record and no files, and only what its start says."""

    row: RunRow
    verdicts: tuple[VerdictRow, ...]
    record: Record | None
    files: Files | None
    request: Request | None
    circumstances: Circumstances | None


def show(workspace: Workspace, row: RunRow) -> Shown:
    """Return all that is known of a run.

    Raises:
        MissingObject, DamagedObject: a list that its record names cannot be read.
    """
    with indexed(workspace) as index:
        verdicts = tuple(index.verdicts_of(row.id))
    store = workspace.store
    if row.record is None:
        request = decode(store.read(row.request), Request) if row.request else None
        return Shown(row, verdicts, None, None, request, _begun(workspace, row.id))
    record = decode(store.read(row.record), Record)
    return Shown(row, verdicts, record, files_of(record, store), None, record.circumstances)


def files_of(record: Record, store: LocalStore) -> Files:
    """Read the lists of a record.

    Raises:
        MissingObject, DamagedObject: one cannot be read.
    """
    recipe, outcome, processes = record.recipe, record.outcome, record.processes
    code = _read(store, recipe.code.files, CodeFile)
    inputs = _read(store, recipe.inputs, Input) + _read(store, recipe.looked_at, Input)
    outputs = _read(store, outcome.outputs, Output)
    digests = {each.digest for files in (code, inputs, outputs) for each in files}
    digests |= {each.digest for each in outcome.console}
    return Files(
        code,
        inputs,
        outputs,
        _read(store, recipe.environment.packages, Package),
        _read(store, recipe.environment.libraries, Library),
        _read(store, recipe.configuration.variables, Variable),
        _read(store, outcome.metrics, Metric),
        _read(store, processes.ran if processes else None, Process),
        _read(store, processes.accesses if processes else None, Access),
        processes.main if processes else 0,
        _held(digests, store),
    )


def touched(files: Files) -> dict[int, Touch]:
    """Return what each process of a run read and wrote, by its number."""
    data = [each.path for each in files.inputs if each.kind is FileKind.FILE]
    used = [each.path for each in files.code if each.used]
    paths = (path for path in (*data, *used) if not path.startswith("<"))
    written = (each.path for each in files.outputs if each.role != "figure")
    return by_process(files.accesses, files.main, paths, written)


def _held(digests: Iterable[Digest | None], store: LocalStore) -> frozenset[Digest]:
    return store.has_many({digest for digest in digests if digest is not None})


def _read(store: LocalStore, listing: Listing | None, kind: type[Value]) -> tuple[Value, ...]:
    return tuple(read_listing(store, listing, kind)) if listing is not None else ()


def _begun(workspace: Workspace, run_id: str) -> Circumstances | None:
    """Return the circumstances of a run that is not sealed, from its spool."""
    from anew.verbs import opening  # noqa: PLC0415 - few runs are not sealed

    try:
        return opening.read(workspace.spools / run_id)[1].circumstances
    except (OSError, ValueError, AnewError):
        return None
