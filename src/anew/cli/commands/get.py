"""`anew get`: bring files of a run back."""

import os
from pathlib import Path

import click

from anew.cli import render
from anew.cli.opening import opened, sealed_run
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.tables import shown
from anew.model.errors import MissingObject
from anew.model.status import SHORT_ID
from anew.verbs.get import Brought, Part, get
from anew.verbs.workspace import directory_of

MOST = 20  # lines about files that were left


@click.command("get")
@click.argument("run")
@click.argument("paths", nargs=-1, metavar="[PATH]…")
@click.option("-o", "--output", "folder", required=True, metavar="DIR", help="Where they go.")
@click.option("--code", "parts", flag_value="code", multiple=True, help="Code files only.")
@click.option("--inputs", "parts", flag_value="inputs", multiple=True, help="Inputs only.")
@click.option("--outputs", "parts", flag_value="outputs", multiple=True, help="Outputs only.")
@json_option
@store_option
def command(
    run: str,
    paths: tuple[str, ...],
    folder: str,
    parts: tuple[str, ...],
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Bring files of RUN back into DIR, each verified; nothing there is written over.

    PATH is a file, a folder or a pattern. Without any, all files come, as they were at the end: of
    a file that was read and then written the output. Exit code 20 if some could not be had.
    """
    directory = directory_of(os.environ)
    asked = {Part(part) for part in parts} or set(Part)
    with opened(store, directory) as workspace:
        row, record = sealed_run(workspace, run, directory)
        done = get(workspace.store, record, Path(directory, folder), asked, paths)
    if as_json:
        render.document(_document(row.id, done))
    else:
        _report(done, row.id)
    return MissingObject.exit_code if any(each.lost for each in done.left) else 0


def _document(run: str, done: Brought) -> dict[str, object]:
    files = [
        {
            "path": each.path,
            "target": str(each.target),
            "part": each.part,
            "kind": "link" if each.link is not None else "file",
            "digest": each.digest,
            "size": each.size,
            "instead_of": each.instead_of,
        }
        for each in done.files
    ]
    left = [
        {"path": each.path, "digest": each.digest, "why": each.why, "lost": each.lost}
        for each in done.left
    ]
    size = sum(each.size for each in done.files)
    return {
        "schema": "anew/get-1",
        "id": run,
        "folder": str(done.folder),
        "files": files,
        "left": left,
        "size": size,
    }


def _report(done: Brought, run: str) -> None:
    for each in done.files:
        render.tell(shown(str(each.target)))
    for left in done.left[:MOST]:
        render.say(f"{shown(left.path)} was left: {shown(left.why)}")
    if len(done.left) > MOST:
        render.say(f"and {len(done.left) - MOST:,} more were left: --json lists all")
    changed = [each for each in done.files if each.instead_of is not None]
    for each in changed[:MOST]:
        render.say(
            f"{shown(each.path)} is as the run left it; as it was before: --{each.instead_of}"
        )
    if len(changed) > MOST:
        render.say(f"and {len(changed) - MOST:,} more that the run changed: --json lists all")
    size = render.size(sum(each.size for each in done.files))
    render.say(f"{render.count(len(done.files), 'file')}, {size}, of {run[:SHORT_ID]} are back")
