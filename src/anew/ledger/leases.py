"""Leases: who runs now, told from who died and from who cannot be known."""

import os
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from anew.model import canonical
from anew.model.errors import DamagedObject
from anew.store.durable import PRIVATE_FOLDER, open_new, write_all
from anew.store.locking import alone
from anew.store.process import Process, parse_process, process_start, this_process

FOLDER = "leases"
SUFFIX = ".json"
HEARTBEAT_SECONDS = 30.0
FRESH_SECONDS = 600.0
STALE_SECONDS = 24 * 3600.0
SILENT_SECONDS = 4 * HEARTBEAT_SECONDS  # of a lease from before a reboot


class Standing(StrEnum):
    """What can be said of who holds a lease."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"


class Lease(Struct, frozen=True):
    """That `holder` carries out `run`, since `started_at`."""

    run: str
    holder: Process
    started_at: str


class Leases:
    """The leases in `root`/leases, one file each, whose time of change is the last heartbeat."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = root / FOLDER
        self._clock = clock

    def claim(self, run: str, started_at: str) -> bool:
        """Take the lease of a run that nobody carries out, to finish it; False if somebody may.

        Of many that claim it at once, one gets it.
        """
        self._folder.mkdir(PRIVATE_FOLDER, exist_ok=True)
        with alone(self._folder / ".lock"):
            if self.standing(run) is not Standing.DEAD:
                return False
            self.take(run, started_at)
            return True

    def take(self, run: str, started_at: str, holder: Process | None = None) -> Lease:
        """Say that `holder`, or this process, carries out `run`; an older lease gives way."""
        lease = Lease(run, holder or this_process(), started_at)
        self._folder.mkdir(PRIVATE_FOLDER, exist_ok=True)
        draft = self._folder / f".{run}.{lease.holder.name}"
        draft.unlink(missing_ok=True)
        file = open_new(draft)
        try:
            write_all(file, canonical.encode(lease) + b"\n")
            os.fsync(file)
        finally:
            os.close(file)
        draft.rename(self._path(run))
        return lease

    def beat(self, run: str) -> bool:
        """Say that the run still goes on, about every `HEARTBEAT_SECONDS`; False if it has none."""
        try:
            os.utime(self._path(run))
        except FileNotFoundError:
            return False
        return True

    def release(self, run: str) -> None:
        """Say that the run has ended and is sealed, or given up."""
        self._path(run).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove the drafts of those who died while they took a lease."""
        for draft in self._folder.glob(".*.*"):
            holder = parse_process(draft.name[1:].partition(".")[2])
            if holder is not None and holder.is_gone(this_process()):
                draft.unlink(missing_ok=True)

    def find(self, run: str) -> Lease | None:
        """Return the lease of a run, or None where there is none that can be read."""
        try:
            return canonical.decode(self._path(run).read_bytes(), Lease)
        except (FileNotFoundError, DamagedObject):
            return None

    def runs(self) -> tuple[str, ...]:
        """Return the runs that have a lease."""
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return ()
        ours = (name for name in names if name.endswith(SUFFIX))
        return tuple(sorted(name.removesuffix(SUFFIX) for name in ours))

    def standing(self, run: str) -> Standing:
        """Say whether who carries out `run` is alive; without a lease nobody does."""
        lease = self.find(run)
        try:
            silence = self._clock() - self._path(run).stat().st_mtime
        except FileNotFoundError:
            return Standing.DEAD
        return standing(lease, silence, this_process())

    def _path(self, run: str) -> Path:
        return self._folder / f"{run}{SUFFIX}"


def standing(lease: Lease | None, silence: float, me: Process) -> Standing:
    """Say whether a lease's holder is alive, `silence` seconds after its last heartbeat.

    Only a holder that sees the same process ids can be looked for. One from before a reboot is
    dead unless something still beats for it, which then is another machine of the same name.
    """
    if lease is not None and lease.holder.is_neighbour(me):
        start = process_start(lease.holder.pid)
        return Standing.ALIVE if start == lease.holder.start else Standing.DEAD
    if lease is not None and lease.holder.is_before_reboot(me) and silence > SILENT_SECONDS:
        return Standing.DEAD
    if silence < FRESH_SECONDS:
        return Standing.ALIVE
    return Standing.DEAD if silence > STALE_SECONDS else Standing.UNKNOWN
