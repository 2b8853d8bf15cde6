"""`anew ls`: find runs, and list them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anew.cli import filters, render, tables
from anew.cli.documents import listed
from anew.cli.opening import opened
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.ledger.query import CommitIs, HasStatus, NameLike, Since, Text, TrackIs, Until
from anew.model.errors import AnewError
from anew.model.recipe import Track
from anew.model.status import SHORT_ID, Status
from anew.verbs.find import indexed, project_of
from anew.verbs.workspace import directory_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from anew.ledger.index import Index
    from anew.ledger.query import Filter
    from anew.ledger.rows import RunRow
    from anew.model.digest import Digest
    from anew.verbs.sizes import Sizes
    from anew.verbs.workspace import Workspace

MOST_ROWS = 25  # shown on a terminal unless asked
MOST_METRICS = 3
HEAD = (
    "RUN", "NAME", "STATUS", "STARTED (UTC)", "TOOK", "VERDICT", "SIZE", "ALONE", "PROJECT",
    "TAGS", "METRICS", "COMMAND",
)  # fmt: skip

SPARE = ("METRICS", "TAGS", "TOOK")  # on a narrow terminal


@click.command("ls")
@click.argument("text", nargs=-1)
@click.option("--all", "everywhere", is_flag=True, help="Runs of every project.")
@click.option("--replays", is_flag=True, help="Replays as well.")
@click.option("--name", metavar="GLOB", help="By name, such as 'base-*'.")
@click.option("--tag", "tags", multiple=True, metavar="K[=V]", help="By a tag.")
@click.option("--status", type=click.Choice([each.value for each in Status]), help="By status.")
@click.option("--param", "parameters", multiple=True, metavar="'lr<0.1'", help="By a parameter.")
@click.option("--metric", "metrics", multiple=True, metavar="'acc>=0.9'", help="By a last value.")
@click.option(
    "--track", type=click.Choice([each.value for each in Track]), help="Only runs of that track."
)
@click.option("--commit", metavar="ABC", help="By the beginning of a git commit.")
@click.option(
    "--file", "files", multiple=True, metavar="DIGEST|PATH",
    help="By a file that was used or came out: its digest, its content if it is here, or its path.",
)  # fmt: skip
@click.option("--since", metavar="TIME", help="Started then or later: 2026-03-01, or 2d ago.")
@click.option("--until", metavar="TIME", help="Started before then; a day counts whole.")
@click.option("--sort", metavar="FIELD", help="started, duration, name, status, … or metric:NAME.")
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="So many; 0 for all.")
@click.option("--size", is_flag=True, help="What each takes in the store, and what it takes alone.")
@json_option
@store_option
def command(
    text: tuple[str, ...],
    everywhere: bool,  # noqa: FBT001
    replays: bool,  # noqa: FBT001
    name: str | None,
    tags: tuple[str, ...],
    status: str | None,
    parameters: tuple[str, ...],
    metrics: tuple[str, ...],
    commit: str | None,
    track: str | None,
    files: tuple[str, ...],
    since: str | None,
    until: str | None,
    sort: str | None,
    reverse: bool,  # noqa: FBT001
    limit: int | None,
    size: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """List runs of this project, the latest first; TEXT finds words of command, name, tag or note.

    All filters must hold. Times are in UTC.
    """
    directory = directory_of(os.environ)
    order = filters.sort(sort, reverse=reverse)
    asked: list[Filter] = [Text(words) for words in text]
    asked += [filters.tag(each) for each in tags]
    asked += [filters.parameter(each) for each in parameters]
    asked += [filters.metric(each) for each in metrics]
    asked += [NameLike(name)] if name is not None else []
    asked += [HasStatus(Status(status))] if status is not None else []
    asked += [CommitIs(commit)] if commit is not None else []
    asked += [TrackIs(track)] if track is not None else []
    with opened(store, directory) as workspace:
        now = workspace.now()
        asked += [Since(filters.moment(since, now))] if since is not None else []
        asked += [Until(filters.moment(until, now, end_of_day=True))] if until is not None else []
        asked += [filters.file(each, _digests(workspace, directory)) for each in files]
        project = None if everywhere else project_of(directory)
        with indexed(workspace) as index:
            rows = index.find(
                asked, sort=order, limit=limit or None, project=project, include_replays=replays
            )
            hint = "" if rows else _why_empty(index, asked, project, replays=replays)
        if hint:
            render.say_raw(hint)
        taken = _sizes(workspace, rows) if size else None
    if as_json:
        render.document(listed.ls(rows, taken))
    else:
        _table(rows, taken, everywhere=everywhere, limited=limit is not None)
    return 0


def _digests(workspace: Workspace, directory: str) -> Callable[[str], Digest | None]:
    """Return what gives the digest of a file that is here."""

    def digest_of(path: str) -> Digest | None:
        place = Path(directory, path)
        try:
            return workspace.store.fingerprint(str(place), None) if place.is_file() else None
        except (OSError, AnewError):
            return None

    return digest_of


def _sizes(workspace: Workspace, rows: list[RunRow]) -> Mapping[str, Sizes]:
    from anew.verbs.sizes import sizes

    return sizes(workspace, {row.id for row in rows})


def _why_empty(index: Index, asked: list[Filter], project: str | None, *, replays: bool) -> str:
    """Say what to do next where nothing was found."""
    if asked:
        without = index.find((), project=project, include_replays=replays)
        if without:
            return f"no run fits; without filters there are {len(without):,}"
    others = index.find((), include_replays=True) if project is not None or not replays else []
    if not others:
        return "no runs yet: `anew run COMMAND` records the first"
    if project is None:
        return f"no runs but {render.count(len(others), 'replay')}: `anew ls --all --replays`"
    place = render.count(len(others), "run")
    return f"no runs of {tables.shown(project)}: the store has {place}, see `anew ls --all`"


def _table(
    rows: list[RunRow], sizes: Mapping[str, Sizes] | None, *, everywhere: bool, limited: bool
) -> None:
    if not rows:
        return
    shown = rows if limited or tables.width() is None else rows[:MOST_ROWS]
    cells = [
        _cells(row, sizes.get(row.id) if sizes is not None else None, everywhere=everywhere)
        for row in shown
    ]
    render.tell("\n".join(tables.table(HEAD, cells, SPARE)))
    if len(shown) < len(rows):
        render.say_raw(f"and {len(rows) - len(shown):,} more: `--limit 0` lists all")


def _cells(row: RunRow, sizes: Sizes | None, *, everywhere: bool) -> list[str]:
    metrics = [f"{each.name}={_brief(each.last)}" for each in row.metrics[:MOST_METRICS]]
    if len(row.metrics) > MOST_METRICS:
        metrics.append("…")
    again = f"replay of {row.replay_of[:SHORT_ID]}" if row.replay_of else ""
    changed = f" with {row.counterfactual}" if row.counterfactual else ""
    return [
        row.id[:SHORT_ID],
        tables.shown(row.name or ""),
        row.status.value,
        row.started_at[:19].replace("T", " "),
        render.duration(row.duration) if row.duration is not None else "",
        f"{row.verdict}, isolated" if row.verdict_isolated else row.verdict or "",
        render.size(sizes.stored) if sizes is not None else "",
        render.size(sizes.alone) if sizes is not None else "",
        tables.shown(row.project) if everywhere else "",
        tables.shown(" ".join(f"{key}={value}" if value else key for key, value in row.tags)),
        tables.shown(" ".join(metrics)),
        tables.shown(row.command + (f" ({again}{changed})" if again else "")),
    ]


def _brief(value: str) -> str:
    """Return a number with five digits that count."""
    try:
        return f"{float(value):.5g}"
    except ValueError:
        return value
