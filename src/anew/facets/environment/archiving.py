"""Takes the files of an environment into the store, each in the state it was looked at."""

import os
import stat
from collections.abc import Callable, Sequence

from anew.facets.environment import compiled
from anew.facets.environment.trees import Seen, Top, entries
from anew.model.archive import ARCHIVE_SCHEMA, Archive, ArchivedFile, Tree
from anew.model.digest import Digest, digest_bytes
from anew.model.errors import CannotArchive, ChangedWhileRead
from anew.model.inputs import FileKind, Interpreter
from anew.store.copying import opened, read_whole
from anew.store.listings import write_listing
from anew.store.local import LocalStore
from anew.store.protocol import Batch

EACH = 1000  # files between two signs of progress


def take_in(
    environment: Digest,
    interpreter: Interpreter,
    sites: tuple[str, ...],
    found: Sequence[Top],
    store: LocalStore,
    batch: Batch,
    progress: Callable[[str], None],
) -> Archive:
    """Take the files below `found` into `batch`; return what they were.

    Raises:
        CannotArchive: a file cannot be read, or changed while it was.
    """
    return Archive(
        ARCHIVE_SCHEMA, environment, interpreter, sites,
        tuple(_tree(top, store, batch, progress) for top in found),
    )  # fmt: skip


def _tree(top: Top, store: LocalStore, batch: Batch, progress: Callable[[str], None]) -> Tree:
    left_out: list[str] = []
    files = []
    size = 0
    try:
        seen = list(entries(top, left_out))
        store.known([each.stamp for each in seen])
        for number, each in enumerate(seen):
            if number % EACH == 0:
                progress(f"archiving {top.path}: {number:,} of {len(seen):,} files")
            path = f"{top.path}/{each.path}" if each.path else top.path
            mode = stat.S_IMODE(each.stamp.mode)
            if each.target is not None:
                files.append(ArchivedFile(each.path, kind=FileKind.LINK, target=each.target))
            elif each.is_folder:
                files.append(ArchivedFile(each.path, mode=mode, kind=FileKind.FOLDER))
            else:
                size += each.stamp.size
                files.append(_file(each, path, top.path, batch))
    except ChangedWhileRead as error:
        raise CannotArchive(
            "the environment changed while it was archived",
            why=f"{error.what}: {error.why}",
            hint="let nothing install into it meanwhile, then archive again",
        ) from error
    except OSError as error:
        raise CannotArchive(
            f"the environment cannot be archived: {error.filename or top.path}",
            why=error.strerror or str(error),
            hint="make it readable, or make room for the store",
        ) from error
    listing = write_listing(batch, files, lambda each: each.path, size)
    return Tree(top.part, os.path.normpath(top.path), listing, top.name, tuple(left_out))


def _file(each: Seen, path: str, top: str, batch: Batch) -> ArchivedFile:
    mode = stat.S_IMODE(each.stamp.mode)
    modified, nanos = divmod(each.stamp.modified, 1000)
    if path.endswith(compiled.SUFFIX):
        with opened(path, each.stamp) as source:
            data = read_whole(source)
            source.check()
        apart = compiled.neutral(data, os.fsencode(top))
        if apart is not None:
            held, time = batch.add(apart[0]), apart[1]
            digest = digest_bytes(data)
            return ArchivedFile(each.path, digest, len(data), mode, modified, held=held,
                                source_time=time, nanos=nanos)  # fmt: skip
    digest = batch.add_file(path, each.stamp)
    return ArchivedFile(each.path, digest, each.stamp.size, mode, modified, nanos=nanos)
