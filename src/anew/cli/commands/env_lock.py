"""`anew env lock`: a list to install the distributions of a run from, with digests."""

import os
from pathlib import Path

import click

from anew.cli import render
from anew.cli.opening import opened, sealed_run
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.tables import shown
from anew.verbs.lock import Form, lock
from anew.verbs.workspace import directory_of


@click.command("lock")
@click.argument("run")
@click.option("-o", "--output", "place", metavar="DIR", default=".", show_default="here",
              help="The folder to write to.")  # fmt: skip
@click.option("--format", "form", type=click.Choice([each.value for each in Form]),
              default=Form.PYLOCK.value, show_default=True)  # fmt: skip
@click.option("--wheels", is_flag=True,
              help="Make wheels of the installed files, and lock those.")  # fmt: skip
@click.option("--offline", is_flag=True, help="Use no network: only what uv has kept.")
@json_option
@store_option
def command(
    run: str,
    place: str,
    form: str,
    wheels: bool,  # noqa: FBT001
    offline: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Write a lock of the environment of RUN: pylock.toml, requirements.txt, uv.lock or conda's.

    Digests are asked of the index that pip's and uv's settings name. With --wheels, nothing is
    asked: the files of the archive, or those that lie here as recorded, are made into wheels.
    """
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        row, record = sealed_run(workspace, run, directory)
        found = lock(
            workspace, record, Path(directory) / place, Form(form), wheels=wheels, offline=offline
        )
    if as_json:
        render.document(
            {"schema": "anew/env-lock-1", "id": row.id, "format": form, "files": found.files,
             "packages": found.packages, "notes": found.notes}
        )  # fmt: skip
        return 0
    for each in found.files:
        render.tell(shown(each))
    for note in found.notes:
        render.say(shown(note))
    render.say(f"{render.count(found.packages, 'distribution')} locked")
    return 0
