"""`anew env rebuild`: a virtual environment to work in, from that of a run."""

import os
from pathlib import Path

import click

from anew.cli import render
from anew.cli.opening import opened, sealed_run
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.tables import shown
from anew.verbs.rebuilding import activation, rebuild_at
from anew.verbs.workspace import directory_of

WORDS = {
    "archive": "restored from the archive",
    "copy": "copied from where it lies",
    "lock": "installed by uv",
}


@click.command("rebuild")
@click.argument("run")
@click.option("-o", "--output", "place", metavar="DIR", required=True,
              help="The folder to make it in; it must not exist, or be empty.")  # fmt: skip
@click.option("--offline", is_flag=True, help="Use no network.")
@json_option
@store_option
def command(run: str, place: str, offline: bool, as_json: bool, store: str | None) -> int:  # noqa: FBT001
    """Make a virtual environment with what was installed in that of RUN: a copy, yours to change.

    It comes from the archive if there is one, else from the environment itself if it is here as
    recorded, else uv installs the recorded versions. What is not as recorded is named.
    """
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        row, record = sealed_run(workspace, run, directory)
        target = Path(os.path.normpath(Path(directory) / place))
        found = rebuild_at(workspace, record, target, offline=offline)
    if as_json:
        render.document(
            {"schema": "anew/env-rebuild-1", "id": row.id, "place": found.place,
             "executable": found.executable, "way": found.way, "exact": found.exact,
             "notes": found.notes}
        )  # fmt: skip
        return 0
    for line in activation(found):
        render.tell(line)
    for each in found.notes:
        render.say(shown(each))
    exact = "as recorded" if found.exact else "not as recorded"
    render.say(f"{shown(found.place)} is {WORDS[found.way]}, {exact}")
    return 0
