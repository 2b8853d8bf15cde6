"""`anew seal`: finish a run that was cut off before it was sealed."""

import os

import click

from anew.cli import render
from anew.cli.opening import opened, run_of
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.running import sealed_line
from anew.verbs import recover
from anew.verbs.find import record_of
from anew.verbs.workspace import directory_of


@click.command("seal")
@click.argument("run")
@json_option
@store_option
def command(run: str, as_json: bool, store: str | None) -> int:  # noqa: FBT001
    """Finish RUN, which was interrupted, from what it left; nothing is run."""
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        row = run_of(workspace, run, directory)
        if row.record is not None:
            record, again = record_of(workspace, row), True
        else:
            record, again = recover.finish(workspace, row.id, lambda _: None), False
    if as_json:
        render.document(
            {"schema": "anew/seal-1", "id": record.id, "status": record.outcome.status,
             "coverage": record.coverage.percent}
        )  # fmt: skip
    else:
        line = sealed_line(record, None)
        render.tell(
            "anew: " + (line.replace(" sealed ", " was sealed before ", 1) if again else line)
        )
    return 0
