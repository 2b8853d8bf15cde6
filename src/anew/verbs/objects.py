"""Objects: all that a record names in the store, for those who check, keep, count or remove."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from anew.model.archive import Archive, ArchivedFile
from anew.model.canonical import decode
from anew.model.errors import DamagedObject, MissingObject
from anew.model.inputs import CodeFile, FileKind, Input, Kept, Library, LooseFile, Package, Variable
from anew.model.metric import Metric
from anew.model.processes import Access, Process
from anew.model.record import Output, Record
from anew.store.listings import Pieces, read_listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anew.model.digest import Digest
    from anew.model.tree import Listing
    from anew.store.protocol import Store

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Named:
    """An object that a record names: as what, how large, and how the record says it is held."""

    digest: Digest
    aspect: str
    path: str
    size: int = 0
    kept: Kept = Kept.VALUE


class Walk:
    """Goes through what records name; a list that cannot be read is in `unread`, with the error.

    Lists that many runs share are read once, so a walk over many records is short.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lists: dict[Digest, tuple[Named, ...]] = {}
        self.environments: dict[Digest, Digest] = {}  # of each record that was walked
        self.projects: dict[Digest, str] = {}  # likewise
        self.unread: dict[Digest, MissingObject | DamagedObject] = {}

    def record(self, digest: Digest) -> Iterator[Named]:
        """Yield the object that a record is, and all that it names."""
        yield Named(digest, "record", "record")
        try:
            record = decode(self._store.read(digest), Record)
        except (MissingObject, DamagedObject) as error:
            self.unread[digest] = error
            return
        self.environments[digest] = record.recipe.environment.digest
        self.projects[digest] = record.project
        yield from self._recipe(record)
        outcome = record.outcome
        yield from self._list("metrics", outcome.metrics, Metric)
        yield from self._list("outputs", outcome.outputs, Output)
        for stream in outcome.console:
            if stream.digest is not None:
                yield Named(stream.digest, "console", stream.name, stream.size, stream.kept)
        if record.processes is not None:
            yield from self._list("processes", record.processes.ran, Process)
            yield from self._list("processes", record.processes.accesses, Access)

    def archive(self, digest: Digest) -> Iterator[Named]:
        """Yield the object that an archive of an environment is, and all that it names."""
        yield Named(digest, "environment", "archive")
        try:
            archive = decode(self._store.read(digest), Archive)
        except (MissingObject, DamagedObject) as error:
            self.unread[digest] = error
            return
        for tree in archive.trees:
            for each in self._list("environment", tree.files, ArchivedFile):
                yield replace(each, path=f"{tree.path}/{each.path}")

    def _recipe(self, record: Record) -> Iterator[Named]:
        recipe = record.recipe
        yield from self._list("code", recipe.code.used, CodeFile)
        yield from self._list("code", recipe.code.files, CodeFile)
        if recipe.code.diff is not None:
            yield Named(recipe.code.diff, "code", "git diff")
        yield from self._list("inputs", recipe.inputs, Input)
        yield from self._list("inputs", recipe.looked_at, Input)
        yield from self._list("environment", recipe.environment.packages, Package)
        yield from self._list("environment", recipe.environment.libraries, Library)
        yield from self._list("environment", recipe.environment.loose, LooseFile)
        yield from self._list("configuration", recipe.configuration.variables, Variable)

    def _list(self, aspect: str, listing: Listing | None, kind: type[Value]) -> tuple[Named, ...]:
        if listing is None:
            return ()
        if listing.digest not in self._lists:
            self._lists[listing.digest] = tuple(self._read(aspect, listing, kind))
        return self._lists[listing.digest]

    def _read(self, aspect: str, listing: Listing, kind: type[Value]) -> Iterator[Named]:
        title = f"list of {kind.__name__.lower()} entries"
        yield Named(listing.digest, aspect, title)
        try:
            top = self._store.read(listing.digest)
            if top.startswith(b"{"):
                for piece in decode(top, Pieces).pieces:
                    yield Named(piece.digest, aspect, title)
            for entry in read_listing(self._store, listing, kind):
                yield from _of_entry(aspect, entry)
        except (MissingObject, DamagedObject) as error:
            self.unread[listing.digest] = error


def _of_entry(aspect: str, entry: object) -> Iterator[Named]:
    match entry:
        case CodeFile() | Input() | Output() | ArchivedFile() | LooseFile():
            yield from _of_file(aspect, entry)
        case Metric(name=name):
            yield Named(entry.points, aspect, name)
            if entry.times is not None:
                yield Named(entry.times, aspect, f"{name} (times)")
        case Package(name=name):
            for patched in entry.patched:
                yield Named(patched.digest, aspect, f"{name}: {patched.path}", patched.size)
        case _:
            return


def _of_file(
    aspect: str, file: CodeFile | Input | Output | ArchivedFile | LooseFile
) -> Iterator[Named]:
    kind = FileKind.FILE if isinstance(file, LooseFile) else file.kind
    listed = isinstance(file, Input) and kind is FileKind.FOLDER  # its names are an object
    if file.digest is not None and (kind is FileKind.FILE or listed):
        if isinstance(file, ArchivedFile):
            yield Named(file.held or file.digest, aspect, file.path, file.size)
        else:
            yield Named(file.digest, aspect, file.path, file.size, file.kept)
