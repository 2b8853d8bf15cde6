"""`anew logs`: print what a run wrote to its streams."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from anew.cli import render
from anew.cli.opening import opened, run_of
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.model.status import SHORT_ID
from anew.verbs import logs
from anew.verbs.find import record_of
from anew.verbs.workspace import directory_of

if TYPE_CHECKING:
    from anew.ledger.rows import RunRow
    from anew.verbs.workspace import Workspace


@click.command("logs")
@click.argument("run")
@click.option("--stderr", is_flag=True, help="What it wrote to stderr, in place of stdout.")
@click.option("--follow", "-f", is_flag=True, help="Go on until a running run ends.")
@json_option
@store_option
def command(
    run: str,
    stderr: bool,  # noqa: FBT001
    follow: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Print the bytes RUN wrote to stdout, those of a running run as far as it has come."""
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        row = run_of(workspace, run, directory)
        if as_json:
            render.document(_document(workspace, row))
            return 0
        name = logs.STDERR if stderr else logs.STDOUT
        source = _source(workspace, row, name)
        if source is None:
            render.say(f"run {row.id[:SHORT_ID]} wrote nothing to {name}")
            return 0
        if source.name == logs.CONSOLE and stderr:
            render.say("stdout and stderr went to one place: these are both")
        growing = follow and row.record is None
        found = logs.followed(workspace, row, source) if growing else logs.pieces(source)
        with source.file:
            logs.refuse_own(source, sys.stdout.fileno())
            for piece in found:
                sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()
    return 0


def _source(workspace: Workspace, row: RunRow, name: str) -> logs.Source | None:
    if row.record is None:
        return logs.of_spool(workspace, row, name)
    return logs.of_record(workspace, record_of(workspace, row), name)


def _document(workspace: Workspace, row: RunRow) -> dict[str, object]:
    streams = []
    seen = set()
    for name in (logs.STDOUT, logs.STDERR):
        source = _source(workspace, row, name)
        if source is None or source.name in seen:
            continue
        seen.add(source.name)
        with source.file:
            data = source.file.read()
        text = data.decode("utf-8", "surrogateescape")
        streams.append({"name": source.name, "size": len(data), "text": text})
    return {
        "schema": "anew/logs-1",
        "id": row.id,
        "status": row.status.value,
        "streams": streams,
    }
