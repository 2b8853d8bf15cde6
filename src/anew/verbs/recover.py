"""recover: finish what a killed process, a full disk or a dead machine left unsealed."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anew.ledger.leases import Leases, Standing
from anew.model.errors import AnewError, NotSealed
from anew.verbs import opening
from anew.verbs.find import indexed
from anew.verbs.seal import seal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anew.model.record import Record
    from anew.verbs.workspace import Workspace

STARTING_SECONDS = 600.0  # a spool without a lease is that of a run that starts, for so long


@dataclass(frozen=True, slots=True)
class Recovered:
    """A run that was finished from its spool, or why it could not be."""

    run_id: str
    record: Record | None
    why: str = ""


def pending(workspace: Workspace) -> tuple[str, ...]:
    """Return the runs that are over, provably, but were never sealed."""
    leases = Leases(workspace.root)
    try:
        names = sorted(path.name for path in workspace.spools.iterdir())
    except OSError:
        return ()
    return tuple(
        name
        for name in names
        if leases.standing(name) is Standing.DEAD
        and (leases.find(name) is not None or _is_over(workspace.spools / name))
    )


def _is_over(spool: Path) -> bool:
    """Say of a run without a lease that it is not just about to start."""
    if (spool / opening.EXIT).exists():
        return True
    try:
        return time.time() - os.stat(spool).st_mtime > STARTING_SECONDS
    except OSError:
        return False


def finish(
    workspace: Workspace, run_id: str, progress: Callable[[str], None], *, force: bool = False
) -> Record:
    """Seal a run from its spool. Of many that try at once, one does it.

    Raises:
        NotSealed: it has no spool, it still goes on, or somebody else finishes it.
    """
    leases = Leases(workspace.root)
    if force:
        leases.take(run_id, workspace.now())
    elif not leases.claim(run_id, workspace.now()):
        raise NotSealed(
            f"the run {run_id[:6]} is not over",
            why="somebody still works on it",
            hint="wait for its end",
        )
    try:
        if not opening.is_written(workspace.spools / run_id):
            raise NotSealed(
                f"the run {run_id[:6]} cannot be sealed",
                why="its spool is gone, or it was cut off before the program began",
                hint="run it again",
            )
        return seal(workspace, run_id, progress=progress)
    finally:
        leases.release(run_id)


def finish_all(workspace: Workspace, progress: Callable[[str], None]) -> tuple[Recovered, ...]:
    """Seal every run that is over and was cut off; one that cannot be is left as it is."""
    done = []
    Leases(workspace.root).sweep()
    for run_id in pending(workspace):
        place = workspace.spools / run_id
        if not opening.is_written(place) or _is_sealed(workspace, run_id):
            shutil.rmtree(place, ignore_errors=True)  # nothing ever ran, or nothing is left to do
            Leases(workspace.root).release(run_id)
            continue
        try:
            done.append(Recovered(run_id, finish(workspace, run_id, progress)))
        except (AnewError, OSError) as error:
            if place.exists():  # else another process was faster
                done.append(Recovered(run_id, None, str(error)))
    return tuple(done)


def _is_sealed(workspace: Workspace, run_id: str) -> bool:
    with indexed(workspace) as index:
        row = index.get(run_id)
    return row is not None and row.record is not None
