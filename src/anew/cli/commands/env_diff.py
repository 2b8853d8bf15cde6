"""`anew env diff`: what the environments of two runs, or of a run and here, do not share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from anew.cli import render
from anew.cli.opening import opened, sealed_run
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.tables import shown
from anew.model.errors import WrongUsage
from anew.model.status import SHORT_ID
from anew.verbs.environment_diff import (
    FOUND,
    NAMED,
    RECORDED,
    differences,
    recorded_side,
    side_here,
)
from anew.verbs.workspace import directory_of

if TYPE_CHECKING:
    from anew.verbs.environment_diff import Change

DIFFERENT = 10
MOST_FILES = 5  # of a package that are named
WHY = {
    "": "",
    NAMED: "",
    RECORDED: " as it is now",
    FOUND: ", as the run's own interpreter is gone",
}


@click.command("diff")
@click.argument("left", metavar="A")
@click.argument("right", metavar="[B]", required=False)
@click.option("--python", metavar="PATH", help="The interpreter of another environment here.")
@json_option
@store_option
def command(
    left: str,
    right: str | None,
    python: str | None,
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Compare the environments of the runs A and B; without B, that of A and the one here.

    Here is what lies now in the place of A's own environment, which a replay looks at first; where
    A's interpreter is gone, what `anew run x.py` would take. Exit codes: 0 the same, 10 they
    differ.
    """
    if right is not None and python is not None:
        raise WrongUsage("--python names an environment here, and B one of a run",
                         hint="leave one of them out")  # fmt: skip
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        row, record = sealed_run(workspace, left, directory)
        one = recorded_side(workspace, row.id, record)
        if right is None:
            other = side_here(workspace, one, directory, python)
        else:
            row, record = sealed_run(workspace, right, directory)
            other = recorded_side(workspace, row.id, record)
        found = differences(one, other)
    if as_json:
        render.document(
            {"schema": "anew/env-diff-1", "left": one.name, "right": other.name,
             "same": not found, "here": other.here or None, "differences": found}
        )  # fmt: skip
    else:
        name = other.name[:SHORT_ID] if right is not None else shown(other.name)
        counted = render.count(len(found), "difference") if found else "the same"
        render.tell(f"anew: {one.name[:SHORT_ID]} and {name}{WHY[other.here]}: {counted}")
        for each in found:
            render.tell(_line(each))
    return DIFFERENT if found else 0


def _line(change: Change) -> str:
    left, right = change.left or "nothing", change.right or "nothing"
    files = ", ".join(change.files[:MOST_FILES])
    if len(change.files) > MOST_FILES:
        files += f" and {len(change.files) - MOST_FILES:,} more"
    named = f" · {shown(files)}" if files else ""
    return f"  {change.aspect} {shown(change.name)}: {shown(left)} → {shown(right)}{named}"
