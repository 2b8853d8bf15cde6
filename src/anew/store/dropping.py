"""Dropping: remove objects, and write what else their packs held into new ones."""

import os
from collections.abc import Iterable
from pathlib import Path

from anew.model.digest import Digest
from anew.store.batch import PACK_SIZE
from anew.store.durable import PRIVATE_FOLDER, sync_folder
from anew.store.holdings import Holdings
from anew.store.packs import Frame, PackWriter, read_index
from anew.store.process import SEPARATOR, this_process


def drop(holdings: Holdings, digests: Iterable[Digest]) -> int:
    """Remove objects; return the bytes that became free. The caller holds the store alone.

    The new packs are durable before the old ones go, so that a crash leaves objects twice, and
    never less than all that were to stay.
    """
    unwanted = set(digests)
    holdings.index.sync()
    freed = _drop_large(holdings, unwanted)
    packed = holdings.index.packs_of(unwanted)
    if packed:
        freed += _rewrite(holdings, unwanted, sorted(packed))
    return freed


def _drop_large(holdings: Holdings, unwanted: set[Digest]) -> int:
    freed = 0
    folders = set()
    for digest in unwanted:
        path = holdings.layout.object(digest)
        try:
            size = path.stat().st_blocks * 512
            path.unlink()
        except FileNotFoundError:
            continue
        freed += size
        folders.add(path.parent)
    for folder in folders:
        sync_folder(folder)
    return freed


def _rewrite(holdings: Holdings, unwanted: set[Digest], packs: list[str]) -> int:
    layout = holdings.layout
    folder = layout.temporary / f"{this_process().name}{SEPARATOR}{os.urandom(8).hex()}"
    folder.mkdir(PRIVATE_FOLDER)
    writers: list[PackWriter] = []
    written: set[Digest] = set()
    before = 0
    try:
        for name in packs:
            path = layout.packs / name
            before += path.stat().st_size
            live = [
                frame
                for frame in read_index(path)
                if frame.digest not in unwanted and frame.digest not in written
            ]
            written.update(frame.digest for frame in live)
            if live:
                _copy(path, live, writers, folder)
        names = {writer.path: writer.finish() for writer in writers}
        for path, name in names.items():
            path.rename(layout.packs / name)
        sync_folder(layout.packs)
    finally:
        for writer in writers:
            writer.abandon()
            writer.path.unlink(missing_ok=True)
        folder.rmdir()
    holdings.forget_packs()
    kept = set(names.values())
    for name in packs:
        if name not in kept:
            (layout.packs / name).unlink()
    sync_folder(layout.packs)
    holdings.index.sync()
    return before - sum(writer.total for writer in writers)


def _copy(path: Path, frames: list[Frame], writers: list[PackWriter], folder: Path) -> None:
    """Append frames of one pack to the last of the new ones, as they are."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for frame in frames:
            if not writers or writers[-1].size >= PACK_SIZE:
                writers.append(PackWriter(folder / str(len(writers))))
            writers[-1].add_frame(frame, os.pread(file, frame.length, frame.offset))
    finally:
        os.close(file)
