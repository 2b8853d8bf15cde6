"""Rooms: the folder that a replay works in, and what is undone for it when it was cut off."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from anew.execute import engine
from anew.ledger.leases import Leases, Standing
from anew.model.errors import DamagedObject
from anew.store.durable import replace_whole
from anew.store.process import parse_process, this_process
from anew.trace.places import inside
from anew.verbs import opening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anew.verbs.workspace import Workspace

ROOMS = "rooms"
NOTE = ".json"
PATIENCE = 10.0  # seconds for the end of a container to become known
PAUSE = 0.05


class Used(Struct):
    """What a replay, the process of that name, has in use beside its room.

    `shown` is an image whose files can be read from here, `container` one that may run.
    """

    process: str
    engine: str = ""
    shown: str = ""
    container: str = ""

    def is_over(self) -> bool:
        """Say whether that replay is provably dead."""
        writer = parse_process(self.process)
        return writer is not None and writer.is_gone(this_process())


def take(workspace: Workspace) -> Path:
    """Make an empty room for this process, and a note that it is its."""
    folder = workspace.root / ROOMS
    folder.mkdir(mode=0o700, exist_ok=True)
    room = folder / workspace.entropy(8).hex()
    _write(room, Used(this_process().name))
    room.mkdir(mode=0o700)
    return room


def note(room: Path, engine_name: str, *, shown: str = "", container: str = "") -> None:
    """Write down what is about to be used, so that it can be given up if we cannot."""
    used = _read(room.with_name(room.name + NOTE))
    if used is not None:
        _write(room, replace(used, engine=engine_name, shown=shown or used.shown,
                             container=container or used.container))  # fmt: skip


def leave(room: Path, *, keep: bool) -> None:
    """Remove a room that is no longer used; `keep` leaves it to the user."""
    if not keep:
        shutil.rmtree(room, ignore_errors=True)
    room.with_name(room.name + NOTE).unlink(missing_ok=True)


def end_containers(workspace: Workspace) -> None:
    """Stop what runs for replays that were cut off, and wait until its end is known."""
    for room, used in _left(workspace):
        if used.container and engine.stop(used.engine, used.container):
            _write(room, replace(used, container=""))
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until and _goes_on(workspace, room):
                time.sleep(PAUSE)


def clear(workspace: Workspace) -> None:
    """Remove the rooms of replays that were cut off, but one whose run is not sealed yet."""
    for room, used in _left(workspace):
        if used.shown and not _shown_elsewhere(workspace, room, used):
            engine.hide(used.engine, used.shown)
            _write(room, replace(used, shown=""))
            used.shown = ""
        if not (used.shown or used.container) and not any(_spools(workspace, room)):
            leave(room, keep=False)
            Leases(workspace.root).sweep()


def _left(workspace: Workspace) -> Iterator[tuple[Path, Used]]:
    """Yield the rooms of replays that are dead; while one is looked at, nobody else does."""
    for path in sorted((workspace.root / ROOMS).glob(f"*{NOTE}")):
        used = _read(path)
        if used is None or not used.is_over():
            continue
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                now = _read(path)
                if now is not None:
                    yield path.with_name(path.name.removesuffix(NOTE)), now
            finally:
                os.close(lock)


def _shown_elsewhere(workspace: Workspace, room: Path, used: Used) -> bool:
    """Say whether another replay may show the same image: an engine counts how often it is."""
    others = (
        _read(path) for path in (workspace.root / ROOMS).glob(f"*{NOTE}")
        if path.name != room.name + NOTE
    )  # fmt: skip
    return any(each is not None and each.shown == used.shown and not each.is_over()
               for each in others)  # fmt: skip


def _spools(workspace: Workspace, room: Path) -> Iterator[Path]:
    """Yield the spools of runs that have files in a room."""
    for spool in workspace.spools.iterdir():
        try:
            _, before, _ = opening.read(spool)
        except (OSError, DamagedObject, msgspec.DecodeError):
            continue
        if any(inside(mount.source, str(room)) for mount in before.mounts):
            yield spool


def _goes_on(workspace: Workspace, room: Path) -> bool:
    leases = Leases(workspace.root)
    return any(leases.standing(each.name) is Standing.ALIVE for each in _spools(workspace, room))


def _read(path: Path) -> Used | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Used)
    except (OSError, msgspec.DecodeError):
        return None


def _write(room: Path, used: Used) -> None:
    replace_whole(room.with_name(room.name + NOTE), msgspec.json.encode(used))
