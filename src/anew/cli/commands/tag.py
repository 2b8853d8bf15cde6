"""`anew tag`: name a run, give it tags, take them away."""

import os

import click

from anew.cli import render
from anew.cli.opening import opened, run_of
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.tables import shown
from anew.model.status import SHORT_ID
from anew.verbs import annotate
from anew.verbs.find import find_row
from anew.verbs.workspace import directory_of


@click.command("tag")
@click.argument("run")
@click.argument("tags", nargs=-1, metavar="[K=V]…")
@click.option("--remove", multiple=True, metavar="K", help="Take a tag away; may be repeated.")
@click.option("--name", metavar="NEW", help="Call the run so; '' takes its name away.")
@json_option
@store_option
def command(
    run: str,
    tags: tuple[str, ...],
    remove: tuple[str, ...],
    name: str | None,
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Give RUN tags, or a name; without any, print those it has. A key has one value."""
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        row = run_of(workspace, run, directory)
        if name:
            annotate.checked_name(name)
        annotate.tag(workspace, row, tags, remove)
        if name is not None:
            annotate.name(workspace, row, name)
        row = find_row(workspace, row.id, directory)
    if as_json:
        facts = {"id": row.id, "name": row.name, "tags": dict(row.tags)}
        render.document({"schema": "anew/tag-1", **facts})
        return 0
    if tags or remove or name is not None:
        render.say(f"run {row.id[:SHORT_ID]}{f' is {row.name}' if row.name else ' has no name'}")
    for key, value in row.tags:
        render.tell(shown(f"{key}={value}" if value else key))
    return 0
