"""`anew promote`: let a run enter the production track, or say what it lacks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from anew.cli import render
from anew.cli.commands.replay import lines_of
from anew.cli.documents import judged
from anew.cli.opening import opened, sealed_run
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.options import tolerance as tolerance_option
from anew.cli.tables import shown
from anew.judge.tolerance_text import parse_all
from anew.model.errors import GateClosed
from anew.model.recipe import Track
from anew.model.status import SHORT_ID
from anew.verbs.giving_back import Wishes
from anew.verbs.promote import Promoted, missing, promote
from anew.verbs.workspace import directory_of

if TYPE_CHECKING:
    from anew.model.record import Record
    from anew.verbs.workspace import Workspace


@click.command("promote")
@click.argument("run")
@click.option(
    "--track", type=click.Choice([Track.PRODUCTION.value]), default=Track.PRODUCTION.value,
    help="The track to enter.",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Only say what is missing now; run nothing.")
@click.option("--offline", is_flag=True, help="Use no network to rebuild the environment.")
@tolerance_option
@json_option
@store_option
def command(
    run: str,
    track: str,
    check: bool,  # noqa: FBT001
    offline: bool,  # noqa: FBT001
    tolerances: tuple[str, ...],
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Hold all of RUN by value, replay it in a clean room, and let it enter the track if it proves.

    It must come out identical, or equivalent by Anew's own masks or a tolerance that is declared.
    Exit code 34 if it may not enter; what is missing is listed.
    """
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        row, record = sealed_run(workspace, run, directory)
        if check:
            done = Promoted(entered=False, lacks=missing(workspace, record))
        else:
            done = enter(workspace, record, tolerances, offline=offline)
    if as_json:
        render.document(
            {"schema": "anew/promote-1", "id": row.id, "track": track, "entered": done.entered,
             "missing": done.lacks,
             "replay": judged.replay(done.replayed) if done.replayed else None}
        )  # fmt: skip
    else:
        for line in lines(done, row.id):
            render.tell(line)
    return 0 if done.entered else GateClosed.exit_code


def enter(
    workspace: Workspace, record: Record, tolerances: tuple[str, ...], *, offline: bool
) -> Promoted:
    """Try to let a run enter the production track."""
    wishes = Wishes(parse_all(tolerances), offline=offline, isolate=True)
    passing = render.passing()
    done = promote(workspace, record, wishes, tolerances, passing)
    passing("")
    return done


def lines(done: Promoted, run: str) -> list[str]:
    """Return the answer, what is missing, then the evidence."""
    short = run[:SHORT_ID]
    if done.entered:
        head = f"anew: run {short} entered the production track"
    else:
        count = render.count(len(done.lacks), "thing")
        head = f"anew: run {short} may not enter the production track: {count} missing"
    lacks = [f"  {each.aspect}: {shown(each.what)} · {each.remedy}" for each in done.lacks]
    return [head, *lacks, *(lines_of(done.replayed) if done.replayed else ())]
