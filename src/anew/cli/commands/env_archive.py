"""`anew env archive`: take the installed files of a run's environment into the store."""

import os

import click

from anew.cli import render
from anew.cli.opening import opened, sealed_run
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.tables import shown
from anew.model.status import SHORT_ID
from anew.verbs.archives import archive_environment
from anew.verbs.workspace import directory_of


@click.command("archive")
@click.argument("run")
@click.option("--libraries", is_flag=True, help="Take shared libraries of the system in too.")
@click.option(
    "--interpreter/--no-interpreter", default=None,
    help="Take the Python itself in (default: if it is one that uv installed).",
)  # fmt: skip
@json_option
@store_option
def command(
    run: str,
    libraries: bool,  # noqa: FBT001
    interpreter: bool | None,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Take the installed files of the environment of RUN into the store, so that it comes back.

    It must be here as it was recorded, else nothing is taken, and what differs is named. Files that
    the store holds already, of other environments too, are not taken again.
    """
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        row, record = sealed_run(workspace, run, directory)
        passing = render.passing()
        done = archive_environment(
            workspace, record, passing, libraries=libraries, interpreter=interpreter
        )
        passing("")
    if as_json:
        trees = [
            {"part": tree.part, "path": tree.path, "name": tree.name or None,
             "files": tree.files.count, "bytes": tree.files.size, "left_out": tree.left_out}
            for tree in done.archive.trees
        ]  # fmt: skip
        render.document(
            {"schema": "anew/env-archive-1", "id": row.id, "environment": done.archive.environment,
             "archive": done.digest, "files": done.files, "bytes": done.size,
             "added_b": done.added, "trees": trees}
        )  # fmt: skip
        return 0
    for tree in done.archive.trees:
        files = render.count(tree.files.count, "file")
        render.tell(f"{tree.part}  {shown(tree.path)}  {files}, {render.size(tree.files.size)}")
        for each in tree.left_out:
            render.say(f"{shown(each)} is left out: it may hold credentials")
    files = f"{render.count(done.files, 'file')}, {render.size(done.size)}"
    render.say(
        f"the environment of run {row.id[:SHORT_ID]} is archived: {files}"
        f" · {render.size(done.added)} added to the store"
    )
    return 0
