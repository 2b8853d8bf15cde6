"""Opens the store for a command, finishes what was cut off, and closes the store again."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from anew.cli import render
from anew.model.status import SHORT_ID
from anew.verbs.workspace import open_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anew.ledger.rows import RunRow
    from anew.model.record import Record
    from anew.verbs.workspace import Workspace


@contextmanager
def opened(store: str | None, directory: str) -> Iterator[Workspace]:
    """Give the workspace in use; what was cut off is finished first, a line for each run."""
    workspace = open_workspace(store, directory)
    try:
        _finish_pending(workspace)
        yield workspace
    finally:
        workspace.store.close()


def _finish_pending(workspace: Workspace) -> None:
    replays = _holds_any(workspace.root / "rooms", ".json")
    if replays:
        from anew.verbs import rooms

        rooms.end_containers(workspace)
    if _holds_any(workspace.spools):
        _finish_runs(workspace)
    if replays:
        rooms.clear(workspace)


def _holds_any(folder: Path, ending: str = "") -> bool:
    try:
        with os.scandir(folder) as found:
            return any(each.name.endswith(ending) for each in found)
    except OSError:
        return False


def _finish_runs(workspace: Workspace) -> None:
    from anew.verbs import recover

    for done in recover.finish_all(workspace, lambda _: None):
        run = done.run_id[:SHORT_ID]
        if done.record is None:
            why = done.why.partition("\n")[0]
            render.say(f"run {run} was cut off and cannot be finished: {why} · `anew seal {run}`")
        else:
            percent = done.record.coverage.percent
            render.say(
                f"run {run} was cut off: sealed now as {done.record.outcome.status}"
                f" · coverage {percent} %"
            )


def run_of(workspace: Workspace, text: str, directory: str) -> RunRow:
    """Return the run that `text` stands for; older ones of that name are counted on stderr.

    Raises:
        UnknownRun: there is none, or more than one.
    """
    from anew.verbs.find import find_run

    found = find_run(workspace, text, directory)
    if found.older:
        older = render.count(found.older, "older run has", "older runs have")
        render.say(f"{older} the name {text} too: this is {found.row.id[:SHORT_ID]}, the latest")
    return found.row


def sealed_run(workspace: Workspace, text: str, directory: str) -> tuple[RunRow, Record]:
    """Return a run with its record.

    Raises:
        UnknownRun: there is no such run, or more than one.
        NotSealed: it has no record yet.
    """
    from anew.verbs.find import record_of

    row = run_of(workspace, text, directory)
    return row, record_of(workspace, row)
