"""`anew keep`: hold by value what was held by reference."""

import os

import click

from anew.cli import render
from anew.cli.opening import opened, sealed_run
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.tables import shown
from anew.model.errors import MissingObject
from anew.model.status import SHORT_ID
from anew.verbs.keep import keep
from anew.verbs.workspace import directory_of

MOST = 20  # lines about files that are gone


@click.command("keep")
@click.argument("run")
@json_option
@store_option
def command(run: str, as_json: bool, store: str | None) -> int:  # noqa: FBT001
    """Take into the store what RUN holds by reference, read from where it lay, and verified.

    Exit code 20 if something is gone, or is not what it was; the rest is kept.
    """
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        row, record = sealed_run(workspace, run, directory)
        done = keep(workspace, record)
    size = sum(each.size for each in done.kept)
    code = MissingObject.exit_code if done.gone else 0
    if as_json:
        render.document(
            {"schema": "anew/keep-1", "id": row.id, "kept": done.kept, "gone": done.gone,
             "kept_b": size}
        )  # fmt: skip
        return code
    for each in done.kept:
        render.tell(shown(each.path))
    for lost in done.gone[:MOST]:
        render.say(f"{shown(lost.path)} is gone: {shown(lost.why)}")
    if len(done.gone) > MOST:
        render.say(f"and {len(done.gone) - MOST:,} more are gone: --json lists all")
    kept = render.count(len(done.kept), "file")
    if done.kept or done.gone:
        render.say(f"run {row.id[:SHORT_ID]}: {kept}, {render.size(size)}, now held by value")
    else:
        render.say(f"run {row.id[:SHORT_ID]} holds all by value already")
    return code
