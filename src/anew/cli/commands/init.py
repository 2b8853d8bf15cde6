"""`anew init`: keep this project's runs in a store beside it."""

import os
from pathlib import Path

import click

from anew.cli import render
from anew.cli.options import as_json as json_option
from anew.facets import project
from anew.model.errors import WrongUsage
from anew.verbs.workspace import LOCAL, directory_of, open_workspace


@click.command("init")
@click.option("--local", is_flag=True, help="Make the store `.anew/` in this project.")
@json_option
def command(local: bool, as_json: bool) -> int:  # noqa: FBT001
    """Make a store for this project alone, in `.anew/` beside its files.

    Without it all projects share one store in the user's data folder, which outlives them.
    """
    if not local:
        raise WrongUsage(
            "there is nothing to do", why="the shared store is made when it is first used",
            hint="`anew init --local` makes one for this project",
        )  # fmt: skip
    root = project.find(directory_of(os.environ), None).root
    place = Path(root) / LOCAL
    workspace = open_workspace(str(place), root)
    ignore = place / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    if as_json:
        render.document({"schema": "anew/init-1", "store": str(workspace.root)})
    else:
        render.tell(f"runs of {root} are kept in {workspace.root}")
    return 0
