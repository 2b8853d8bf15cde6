"""recover: finish what a killed process, a full disk or a dead machine left unsealed."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass

from anew.ledger.leases import Leases, Standing
from anew.model.errors import AnewError, NotSealed
from anew.model.record import Record
from anew.verbs import opening
from anew.verbs.seal import seal
from anew.verbs.workspace import Workspace


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
    return tuple(name for name in names if leases.standing(name) is Standing.DEAD)


def finish(
    workspace: Workspace, run_id: str, progress: Callable[[str], None], *, force: bool = False
) -> Record:
    """Seal a run from its spool.

    Raises:
        NotSealed: it has no spool, or it still goes on.
    """
    leases = Leases(workspace.root)
    place = workspace.spools / run_id
    if not (place / opening.REQUEST).exists():
        raise NotSealed(
            f"the run {run_id[:6]} cannot be sealed",
            why="its spool is gone, or it was cut off before the program began",
            hint="run it again",
        )
    if not force and leases.standing(run_id) is not Standing.DEAD:
        raise NotSealed(
            f"the run {run_id[:6]} is not over",
            why="somebody still works on it",
            hint="wait for its end",
        )
    leases.take(run_id, workspace.now())
    try:
        return seal(workspace, run_id, progress=progress)
    finally:
        leases.release(run_id)


def finish_all(workspace: Workspace, progress: Callable[[str], None]) -> tuple[Recovered, ...]:
    """Seal every run that is over and was cut off; one that cannot be is left as it is."""
    done = []
    for run_id in pending(workspace):
        if not (workspace.spools / run_id / opening.REQUEST).exists():
            shutil.rmtree(workspace.spools / run_id, ignore_errors=True)  # nothing ever ran
            continue
        try:
            done.append(Recovered(run_id, finish(workspace, run_id, progress)))
        except (AnewError, OSError) as error:
            done.append(Recovered(run_id, None, str(error)))
    return tuple(done)
