"""promote: a run enters the production track once all is held by value and a replay proved it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anew.judge.gate import Standing, lacking, lacking_before_replay
from anew.model.entry import TRACK_ENTERED
from anew.model.errors import AnewError
from anew.model.inputs import FileKind, Input
from anew.model.recipe import Track
from anew.model.secrets import is_credential_file
from anew.store.listings import read_listing
from anew.trace.places import whole
from anew.verbs.archives import archive_environment, find_archive
from anew.verbs.keep import keep, referenced
from anew.verbs.replay import replay

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anew.judge.gate import Lack
    from anew.model.record import Record
    from anew.verbs.giving_back import Wishes
    from anew.verbs.replay import Replayed
    from anew.verbs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Promoted:
    """Whether a run entered the track, and what it lacks. `replayed` where it came to that."""

    entered: bool
    lacks: tuple[Lack, ...]
    replayed: Replayed | None = None


def promote(
    workspace: Workspace,
    record: Record,
    wishes: Wishes,
    declared: Sequence[str],
    progress: Callable[[str], None],
) -> Promoted:
    """Hold all of a run by value, replay it in a clean room, and let it enter if that proves it.

    Args:
        workspace: where the run is kept.
        record: of the run.
        wishes: how it is replayed; `isolate` is set.
        declared: the tolerances among them, as they were written.
        progress: told what is being done.
    """
    progress("taking files in")
    keep(workspace, record)
    progress("archiving the environment")
    standing = _standing(workspace, record, progress)
    lacks = lacking_before_replay(standing)
    if lacks:
        return Promoted(entered=False, lacks=lacks)
    progress("replaying in a clean room")
    done = replay(workspace, record, wishes, progress)
    isolated = done.isolated
    unproved = "" if isolated is not None and isolated.proved else _unproved(done)
    standing = Standing(
        standing.status, verdict=done.verdict, unproved=unproved, lent=tuple(wishes.lend)
    )
    lacks = lacking(standing)
    if not lacks:
        how = f"by replay {done.run.id}" if done.run else ""
        tolerances = f"tolerance {', '.join(declared)}" if declared else ""
        text = " ".join(word for word in (Track.PRODUCTION.value, how, tolerances) if word)
        workspace.ledger.append(TRACK_ENTERED, record.id, text=text)
    return Promoted(not lacks, lacks, done)


def missing(workspace: Workspace, record: Record) -> tuple[Lack, ...]:
    """Return what the run lacks as it stands; nothing is taken in, and nothing run."""
    return lacking(_standing(workspace, record, None))


def _unproved(done: Replayed) -> str:
    if done.isolated is not None:
        return done.isolated.note
    return "" if done.run is None else "the replay was not isolated"


def _standing(
    workspace: Workspace, record: Record, archiving: Callable[[str], None] | None
) -> Standing:
    return Standing(
        record.outcome.status,
        record.counterfactual,
        tuple(_unheld(workspace, record)),
        _environment(workspace, record, archiving),
    )


def _unheld(workspace: Workspace, record: Record) -> list[tuple[str, str]]:
    store = workspace.store
    wanted = {each.digest: each.path for each in referenced(record, store)}
    held = store.has_many(wanted)
    found = [(path, "its bytes are not in the store") for digest, path in wanted.items()
             if digest not in held]  # fmt: skip
    for given in read_listing(store, record.recipe.inputs, Input):
        unknown = given.kind is FileKind.FILE and given.digest is None
        if unknown and not is_credential_file(whole(given.path, record.project)):
            found.append((given.path, "it could not be recorded"))
    return sorted(found)


def _environment(
    workspace: Workspace, record: Record, archiving: Callable[[str], None] | None
) -> str:
    """Return why the environment is not held by value; take it in first where that is asked."""
    recorded = record.recipe.environment
    if recorded.interpreter is None or recorded.packages is None:
        return ""
    try:
        if find_archive(workspace, recorded) is not None:
            return ""
        if archiving is None:
            return "its files are not archived"
        archive_environment(workspace, record, archiving)
    except (AnewError, OSError) as error:
        return f"its files are not archived: {str(error).partition(chr(10))[0]}"
    return ""
