"""`anew env audit`: what is wrong, risky or old about the environment of a run."""

from __future__ import annotations

import os
from pathlib import Path

import click

from anew.cli import render
from anew.cli.opening import opened, sealed_run
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.tables import shown, table
from anew.verbs.audit import Questions, audit
from anew.verbs.workspace import directory_of


@click.command("audit")
@click.argument("run")
@click.option("--advisories", metavar="PATH", help="OSV JSON: a file, or a folder of files.")
@click.option("--python", metavar="VERSION", help="Say what would not run on that Python.")
@click.option("--platform", metavar="NAME", help="Say what was installed for others: win_amd64.")
@click.option("--online", is_flag=True, help="Ask the index for yanked and newer versions.")
@click.option("--licences", is_flag=True, help="List the licence of each distribution.")
@json_option
@store_option
def command(
    run: str,
    advisories: str | None,
    python: str | None,
    platform: str | None,
    online: bool,  # noqa: FBT001
    licences: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Say what is unused, unpinned, changed, without licence, vulnerable or old in that of RUN.

    Nothing is asked of the network but with --online; what was not looked at is said.
    """
    directory = directory_of(os.environ)
    asked = Questions(
        str(Path(directory) / advisories) if advisories else None,
        python,
        platform,
        online,
    )
    with opened(store, directory) as workspace:
        row, record = sealed_run(workspace, run, directory)
        found = audit(workspace, record, asked)
    if as_json:
        render.document(
            {"schema": "anew/env-audit-1", "id": row.id, "findings": found.findings,
             "licences": found.licences, "unasked": found.unasked}
        )  # fmt: skip
        return 0
    rows = [
        (each.kind, shown(each.package), shown(each.version), shown(each.text))
        for each in found.findings
    ]
    if rows:
        for line in table(("FINDING", "PACKAGE", "VERSION", "WHY"), rows):
            render.tell(line)
    if licences:
        pairs = [(shown(name), shown(text)) for name, text in sorted(found.licences.items())]
        for line in table(("PACKAGE", "LICENCE"), pairs):
            render.tell(line)
    for each in found.unasked:
        render.say(f"not looked at: {each}")
    render.say(render.count(len(found.findings), "finding"))
    return 0
