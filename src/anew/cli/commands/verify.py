"""`anew verify`: is all there, and whole?"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from anew.cli import render
from anew.cli.commands.replay import EXIT_CODES, lines_of
from anew.cli.documents import judged
from anew.cli.opening import opened, run_of
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.options import tolerance as tolerance_option
from anew.cli.tables import shown
from anew.judge.tolerance_text import parse_all
from anew.model.errors import NotSealed, WrongUsage
from anew.model.status import SHORT_ID
from anew.verbs.check import Checked, check_runs, check_store
from anew.verbs.workspace import directory_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from anew.ledger.rows import RunRow
    from anew.model.tolerance import Tolerances
    from anew.verbs.replay import Replayed
    from anew.verbs.workspace import Workspace

NOT_WHOLE = 12
MOST = 20  # lines about faults
EACH = 1000  # objects between two signs of progress


@click.command("verify")
@click.argument("runs", nargs=-1, metavar="[RUN]…")
@click.option(
    "--replay", "again", is_flag=True,
    help="Then replay each RUN in a clean room; its verdict is kept with its date.",
)  # fmt: skip
@click.option("--offline", is_flag=True, help="Use no network to rebuild the environment.")
@tolerance_option
@json_option
@store_option
def command(
    runs: tuple[str, ...],
    again: bool,  # noqa: FBT001
    offline: bool,  # noqa: FBT001
    tolerances: tuple[str, ...],
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Check that all RUN holds is there and whole; without RUN, the whole store and its ledger.

    Nothing is run, unless with --replay. Exit code 12 if anything is missing or damaged; it is
    named. With --replay else the code of the worst verdict, as `anew replay` has it.
    """
    directory = directory_of(os.environ)
    if again and not runs:
        raise WrongUsage("--replay needs a RUN", hint="name the runs to be replayed")
    replayed: list[Replayed] = []
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
            if again and found.whole:
                replayed = _replayed(workspace, rows, parse_all(tolerances), offline=offline)
        else:
            found = check_store(workspace, _progress())
    if as_json:
        render.document(_document(found, replayed if again else None))
    else:
        for line in _lines(found):
            render.tell(line)
        for each in replayed:
            render.tell(f"run {each.replay_of[:SHORT_ID]}:")
            for line in lines_of(each):
                render.tell(line)
    if not found.whole:
        return NOT_WHOLE
    return max((EXIT_CODES[each.verdict.answer] for each in replayed), default=0)


def _replayed(
    workspace: Workspace, rows: list[RunRow], tolerances: Tolerances, *, offline: bool
) -> list[Replayed]:
    from anew.verbs.find import record_of
    from anew.verbs.giving_back import Wishes
    from anew.verbs.replay import replay

    wishes = Wishes(tolerances, offline=offline, isolate=True)
    records = [record_of(workspace, row) for row in rows]
    progress = render.passing()
    found = [replay(workspace, record, wishes, progress) for record in records]
    progress("")
    return found


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


def _document(found: Checked, replayed: list[Replayed] | None) -> dict[str, object]:
    return {
        "schema": "anew/verify-1",
        "verdict": "whole" if found.whole else "damaged",
        "reason": _reason(found),
        "runs": found.runs,
        "objects": found.objects,
        "referenced": found.referenced,
        "gone": found.gone,
        "faults": found.faults,
        "packs": found.packs,
        "ledger": None
        if found.entries is None
        else {"entries": found.entries, "fault": found.ledger or None},
        "replays": None if replayed is None else [judged.replay(each) for each in replayed],
    }


def _lines(found: Checked) -> list[str]:
    runs = render.count(len(found.runs), "run")
    counts = f"{runs}, {render.count(found.objects, 'object')}"
    if found.referenced:
        counts += f" · {render.count(found.referenced, 'file')} by reference"
        if found.gone:
            counts += f", {len(found.gone):,} of them gone or changed"
    if found.entries is not None and not found.ledger:
        counts += f" · ledger of {render.count(found.entries, 'entry', 'entries')} is one chain"
    if found.whole:
        return [f"anew: whole · {counts}", *_gone(found)]
    lines = [f"anew: not whole · {_reason(found)} · {counts}"]
    for each in found.faults[:MOST]:
        where = f"{each.aspect} {shown(each.path)} of {each.run[:SHORT_ID]}" if each.run else ""
        lines.append(f"  {each.fault}: {where or 'no run names it'} · {each.digest}")
    if len(found.faults) > MOST:
        lines.append(f"  and {len(found.faults) - MOST:,} more: --json lists all")
    lines += _gone(found)
    lines += [f"  pack {name}" for name in found.packs]
    return lines


def _gone(found: Checked) -> list[str]:
    lines = [f"  {shown(each.path)} of {each.run[:SHORT_ID]}: {each.why}" for each in found.gone]
    more = len(lines) - MOST
    return [*lines[:MOST], f"  and {more:,} more: --json lists all"] if more > 0 else lines
