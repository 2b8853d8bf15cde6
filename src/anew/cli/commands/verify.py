"""`anew verify`: is all there, and whole?"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from anew.cli import render
from anew.cli.opening import opened, run_of
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.tables import shown
from anew.model.errors import NotSealed
from anew.model.status import SHORT_ID
from anew.verbs.check import Checked, check_runs, check_store
from anew.verbs.workspace import directory_of

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_WHOLE = 12
MOST = 20  # lines about faults
EACH = 1000  # objects between two signs of progress


@click.command("verify")
@click.argument("runs", nargs=-1, metavar="[RUN]…")
@json_option
@store_option
def command(runs: tuple[str, ...], as_json: bool, store: str | None) -> int:  # noqa: FBT001
    """Check that all RUN holds is there and whole; without RUN, the whole store and its ledger.

    Exit code 12 if anything is missing or damaged; it is named.
    """
    directory = directory_of(os.environ)
    with opened(store, directory) as workspace:
        if runs:
            rows = [run_of(workspace, each, directory) for each in runs]
            chosen = []
            for row in rows:
                if row.record is None:
                    raise NotSealed(
                        f"the run {row.id[:SHORT_ID]} holds nothing yet",
                        why=f"it is {row.status}",
                        hint="verify it when it is sealed",
                    )
                chosen.append((row.id, row.record))
            found = check_runs(workspace, dict(chosen).items(), _progress())
        else:
            found = check_store(workspace, _progress())
    if as_json:
        render.document(_document(found))
    else:
        for line in _lines(found):
            render.tell(line)
    return 0 if found.whole else NOT_WHOLE


def _progress() -> Callable[[int], None]:
    """Return what counts objects on a terminal, and is silent elsewhere."""
    if not sys.stderr.isatty():
        return lambda _: None

    def count(done: int) -> None:
        if done % EACH == 0:
            sys.stderr.write(f"\ranew: {done:,} objects checked")
            sys.stderr.flush()

    return count


def _reason(found: Checked) -> str:
    parts = []
    for fault in ("missing", "damaged"):
        count = sum(each.fault == fault for each in found.faults)
        if count:
            parts.append(f"{render.count(count, 'object')} {fault}")
    if found.packs:
        parts.append(f"{render.count(len(found.packs), 'pack')} without a readable index")
    if found.ledger:
        parts.append(found.ledger)
    return " · ".join(parts)


def _document(found: Checked) -> dict[str, object]:
    return {
        "schema": "anew/verify-1",
        "verdict": "whole" if found.whole else "damaged",
        "reason": _reason(found),
        "runs": found.runs,
        "objects": found.objects,
        "referenced": found.referenced,
        "faults": found.faults,
        "packs": found.packs,
        "ledger": None
        if found.entries is None
        else {"entries": found.entries, "fault": found.ledger or None},
    }


def _lines(found: Checked) -> list[str]:
    runs = render.count(len(found.runs), "run")
    counts = f"{runs}, {render.count(found.objects, 'object')}"
    if found.referenced:
        counts += f" · {render.count(found.referenced, 'file')} by reference, not checked"
    if found.entries is not None and not found.ledger:
        counts += f" · ledger of {render.count(found.entries, 'entry', 'entries')} is one chain"
    if found.whole:
        return [f"anew: whole · {counts}"]
    lines = [f"anew: not whole · {_reason(found)} · {counts}"]
    for each in found.faults[:MOST]:
        where = f"{each.aspect} {shown(each.path)} of {each.run[:SHORT_ID]}" if each.run else ""
        lines.append(f"  {each.fault}: {where or 'no run names it'} · {each.digest}")
    if len(found.faults) > MOST:
        lines.append(f"  and {len(found.faults) - MOST:,} more: --json lists all")
    lines += [f"  pack {name}" for name in found.packs]
    return lines
