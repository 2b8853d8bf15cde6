"""check: whether all that runs name is in the store, whole, and the ledger is one chain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anew.model.entry import RUN_REMOVED, RUN_SEALED
from anew.model.errors import BrokenLedger, DamagedObject, MissingObject
from anew.model.inputs import Kept
from anew.trace.places import whole
from anew.verbs.archives import archives
from anew.verbs.keep import why_gone
from anew.verbs.objects import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from anew.model.digest import Digest
    from anew.verbs.objects import Named
    from anew.verbs.workspace import Workspace

MISSING, DAMAGED = "missing", "damaged"


@dataclass(frozen=True, slots=True)
class Fault:
    """An object that is missing or damaged, and, where a run names it, as what."""

    digest: Digest
    fault: str
    run: str | None = None
    aspect: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A file that a run holds by reference and that is not there any more, or another."""

    run: str
    digest: Digest
    path: str
    why: str


@dataclass(slots=True)
class Checked:
    """What was checked and what is wrong.

    `referenced` are files known by digest, not held; `gone` those of them that do not lie where
    they did, as they were: no fault of the store.
    """

    runs: list[str] = field(default_factory=list)
    objects: int = 0
    referenced: int = 0
    gone: list[Elsewhere] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    packs: tuple[str, ...] = ()  # whose index cannot be read
    ledger: str = ""  # what is wrong with it
    entries: int | None = None  # of the ledger, where it was checked

    @property
    def whole(self) -> bool:
        """Say whether nothing is wrong."""
        return not (self.faults or self.packs or self.ledger)


class Checking:
    """One check: each object is read once, whoever names it."""

    def __init__(self, workspace: Workspace, progress: Callable[[int], None]) -> None:
        self._workspace, self._progress = workspace, progress
        self._walk = Walk(workspace.store)
        self._known: dict[Digest, str] = {}
        self._archives: dict[Digest, list[Digest]] | None = None
        self.found = Checked()

    def run(self, run: str, record: Digest) -> None:
        """Check all that the record of a run names."""
        self.found.runs.append(run)
        seen: set[Digest] = set()
        for named in self._all(record):
            if named.digest in seen:
                continue
            seen.add(named.digest)
            fault = self._fault(named.digest)
            if fault == MISSING and named.kept is not Kept.VALUE:
                self.found.referenced += 1
                self._refer(run, record, named)
            elif fault:
                fault_of = Fault(named.digest, fault, run, named.aspect, named.path)
                self.found.faults.append(fault_of)

    def _refer(self, run: str, record: Digest, named: Named) -> None:
        place = whole(named.path, self._walk.projects[record])
        why = why_gone(named.digest, named.size, place, self._workspace.store)
        if why:
            self.found.gone.append(Elsewhere(run, named.digest, named.path, why))

    def _all(self, record: Digest) -> Iterator[Named]:
        """Yield what a record names, and what the archives of its environment do."""
        yield from self._walk.record(record)
        if self._archives is None:
            self._archives = archives(self._workspace)
        environment = self._walk.environments.get(record)
        for digest in self._archives.get(environment, ()) if environment else ():
            yield from self._walk.archive(digest)

    def rest(self) -> None:
        """Check the objects that no run was found to name, and the packs."""
        store = self._workspace.store
        self.found.packs = store.damaged_packs()
        for digest in sorted(store.digests() - self._known.keys()):
            if fault := self._fault(digest):
                self.found.faults.append(Fault(digest, fault))

    def _fault(self, digest: Digest) -> str:
        if digest not in self._known:
            self._known[digest] = self._read(digest)
            self.found.objects += self._known[digest] != MISSING
            self._progress(len(self._known))
        return self._known[digest]

    def _read(self, digest: Digest) -> str:
        try:
            self._workspace.store.verify(digest)
        except MissingObject:
            return MISSING
        except (DamagedObject, OSError):
            return DAMAGED
        return ""


def check_runs(
    workspace: Workspace, runs: Iterable[tuple[str, Digest]], progress: Callable[[int], None]
) -> Checked:
    """Check what the records of `runs` name."""
    checking = Checking(workspace, progress)
    for run, record in runs:
        checking.run(run, record)
    return checking.found


def check_store(workspace: Workspace, progress: Callable[[int], None]) -> Checked:
    """Check the ledger, what every run names, and every other object of the store."""
    checking = Checking(workspace, progress)
    records: dict[str, Digest] = {}
    count = 0
    try:
        workspace.ledger.check()
        for entry in workspace.ledger.entries():
            count += 1
            if entry.kind == RUN_SEALED and entry.body is not None:
                records[entry.subject] = entry.body
            elif entry.kind == RUN_REMOVED:
                records.pop(entry.subject, None)
    except BrokenLedger as error:
        checking.found.ledger = f"{error.what}: {error.why}" if error.why else error.what
    checking.found.entries = count
    for run, record in records.items():
        checking.run(run, record)
    checking.rest()
    return checking.found
