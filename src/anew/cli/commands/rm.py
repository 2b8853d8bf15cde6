"""`anew rm`: remove runs, and free what nothing else needs."""

import os
import sys

import click

from anew.cli import render
from anew.cli.opening import opened, run_of
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.tables import shown
from anew.ledger.rows import RunRow
from anew.model.errors import WrongUsage
from anew.model.status import SHORT_ID
from anew.verbs.remove import Removed, refuse_running, remove
from anew.verbs.workspace import directory_of


@click.command("rm")
@click.argument("runs", nargs=-1, required=True, metavar="RUN…")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", "-n", is_flag=True, help="Say what would be freed; remove nothing.")
@json_option
@store_option
def command(
    runs: tuple[str, ...],
    yes: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Remove runs. What other runs need stays; the ledger remembers that there was a run."""
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        rows = {row.id: row for row in (run_of(workspace, each, directory) for each in runs)}
        chosen = tuple(rows.values())
        refuse_running(chosen)
        if not (yes or dry_run):
            _ask(chosen)
        done = remove(workspace, chosen, dry=dry_run)
    if as_json:
        render.document(
            {"schema": "anew/rm-1", "runs": done.runs, "freed_b": done.freed,
             "objects": done.objects, "unread": done.unread, "dry_run": dry_run}
        )  # fmt: skip
    else:
        _report(done, dry_run=dry_run)
    return 0


def _ask(rows: tuple[RunRow, ...]) -> None:
    if not sys.stdin.isatty():
        raise WrongUsage(
            f"{render.count(len(rows), 'run')} would be removed for good",
            why="there is no terminal to ask on",
            hint="say --yes, or look first with --dry-run",
        )
    for row in rows:
        name = f" {shown(row.name)}" if row.name else ""
        render.say_raw(f"{row.id[:SHORT_ID]}{name} · {row.status} · {shown(row.command)}")
    question = f"Remove {render.count(len(rows), 'run')} for good?"
    if not click.confirm(question, err=True):
        raise click.Abort


def _report(done: Removed, *, dry_run: bool) -> None:
    for run in done.runs:
        render.tell(run)
    freed = f"{render.size(done.freed)} of {render.count(done.objects, 'object')}"
    if dry_run:
        render.say(f"{render.count(len(done.runs), 'run')} would go, and {freed} be freed")
    else:
        render.say(f"{render.count(len(done.runs), 'run')} removed, {freed} freed")
    if done.unread:
        names = ", ".join(run[:SHORT_ID] for run in done.unread)
        render.say(f"nothing can be freed: nobody knows what {names} needs · see `anew verify`")
