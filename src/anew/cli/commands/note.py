"""`anew note`: write down what was seen."""

import os

import click

from anew.cli import render
from anew.cli.opening import opened, run_of
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.model.status import SHORT_ID
from anew.verbs import annotate
from anew.verbs.find import find_row
from anew.verbs.workspace import directory_of


@click.command("note")
@click.argument("run")
@click.argument("words", nargs=-1, required=True, metavar="TEXT…")
@json_option
@store_option
def command(run: str, words: tuple[str, ...], as_json: bool, store: str | None) -> int:  # noqa: FBT001
    """Add a note to RUN; it joins those the run has."""
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        row = run_of(workspace, run, directory)
        annotate.note(workspace, row, " ".join(words))
        row = find_row(workspace, row.id, directory)
    if as_json:
        render.document({"schema": "anew/note-1", "id": row.id, "notes": list(row.notes)})
    else:
        notes = render.count(len(row.notes), "note")
        render.say(f"run {row.id[:SHORT_ID]} has {notes}")
    return 0
