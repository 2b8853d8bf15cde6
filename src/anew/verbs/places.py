"""Places: environments laid out beside the store, so that the next replay finds them there."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from anew.facets.environment import layout, standing
from anew.facets.environment.relocating import relocate
from anew.model.archive import ArchivedFile
from anew.model.canonical import digest_of, encode
from anew.model.digest import Digest, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from anew.facets.environment.layout import Placed
    from anew.model.archive import Archive, Part
    from anew.verbs.workspace import Workspace

PLACES = "environments"  # in the store's folder: its files can be linked to
TREES, WHOLE, STANDING = "trees", "whole", "standing.msgpack"  # in each of them
MOST_KEPT = 3  # environments that stay laid out for the next replay
_locks: list[int] = []  # of environments in use, until this process ends


def placed_for(
    workspace: Workspace,
    archive: Archive,
    parts: Sequence[Part],
    moved: Mapping[str, str],
    prove: Callable[[Placed], None],
) -> Placed:
    """Return the environment laid out beside the store, as it was left or anew.

    `prove` raises where what was laid out is not what it should be; what is found there again is
    compared with the archive, file for file. `moved` says what is to be seen at another place than
    it was: scripts and links are written anew for that, and are then to be as they were written.
    """
    name = f"{digest_bytes(encode(archive))[3:35]}-{digest_of((sorted(parts), moved))[3:11]}"
    place = workspace.root / PLACES / name
    place.parent.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(place.with_name(f"{place.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    _locks.append(lock)  # nobody removes it while we live
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        placed = _as_left(workspace, archive, parts, place)
        if placed is None:
            _remove(place)
            placed = layout.lay_out(archive, parts, place / TREES, workspace.store, link=True)
            rewritten = layout.as_they_are(placed, relocate(archive, placed, lying=moved))
            prove(placed)
            (place / WHOLE).write_bytes(msgspec.json.encode(rewritten))
        os.utime(place)
    finally:
        fcntl.flock(lock, fcntl.LOCK_SH)
    forget_places(workspace.root, latest=MOST_KEPT)
    return placed


def _as_left(
    workspace: Workspace, archive: Archive, parts: Sequence[Part], place: Path
) -> Placed | None:
    """Return what was laid out and proved before, None where it is no longer the same."""
    try:
        data = (place / WHOLE).read_bytes()
        rewritten = msgspec.json.decode(data, type=dict[str, ArchivedFile])
    except (OSError, msgspec.DecodeError):
        return None
    places = {
        tree.path: str(place / TREES / str(number))
        for number, tree in enumerate(archive.trees) if tree.part in parts
    }  # fmt: skip
    count = sum(tree.files.count for tree in archive.trees if tree.part in parts)
    placed = layout.Placed(places, count)
    before = standing.load(place / STANDING)
    differing, now = layout.compare(archive, placed, before, workspace.store, rewritten)
    if differing:
        return None
    if any(before.proved(*each) != each[1].keys() for each in now.folders.items()):
        standing.save(place / STANDING, now)
    return placed


def forget_places(
    root: Path, *, latest: int = 1 << 30, needed: Collection[Digest] | None = None
) -> None:
    """Remove what was laid out, but the `latest` and what `needed` archives are; none in use."""
    try:
        places = [each for each in (root / PLACES).iterdir() if each.suffix != ".lock"]
    except OSError:
        return
    places.sort(key=lambda each: each.stat().st_mtime, reverse=True)
    names = None if needed is None else {digest[3:35] for digest in needed}
    for number, each in enumerate(places):
        if number < latest and (names is None or each.name.partition("-")[0] in names):
            continue
        lock = os.open(each.with_name(f"{each.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(each)
        except BlockingIOError:
            continue
        finally:
            os.close(lock)


def _remove(place: Path) -> None:
    """Remove a folder whose own folders may forbid it."""
    for folder, _, _ in os.walk(place):
        if not os.access(folder, os.W_OK):
            os.chmod(folder, 0o700)
    shutil.rmtree(place, ignore_errors=True)
