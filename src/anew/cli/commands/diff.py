"""`anew diff`: compare two runs."""

from __future__ import annotations

import os
import sys
from collections import Counter
from itertools import takewhile
from typing import TYPE_CHECKING

import click

from anew.cli import render
from anew.cli.commands.replay import EXIT_CODES
from anew.cli.documents import judged
from anew.cli.opening import opened, run_of
from anew.cli.options import as_json as json_option
from anew.cli.options import store as store_option
from anew.cli.options import tolerance as tolerance_option
from anew.cli.tables import shown
from anew.judge.tolerance_text import parse_all
from anew.model.status import SHORT_ID
from anew.model.verdict import Answer
from anew.verbs.compare import Compared, compare
from anew.verbs.workspace import directory_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from anew.judge.differences import Difference

MOST = 12  # lines of each kind shown
LONGEST = 60  # characters of a value shown
BEFORE = 15  # of them before the first difference
SAME = (Answer.IDENTICAL, Answer.EQUIVALENT)


@click.command("diff")
@click.argument("left", metavar="A")
@click.argument("right", metavar="B")
@click.option("--code", is_flag=True, help="Print how the code differs, as a unified diff.")
@click.option("--all", "everything", is_flag=True, help="Print every difference.")
@tolerance_option
@json_option
@store_option
def command(
    left: str,
    right: str,
    code: bool,  # noqa: FBT001
    everything: bool,  # noqa: FBT001
    tolerances: tuple[str, ...],
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Compare two runs: recipe, circumstances, outcome.

    Exit codes: 0 identical or equivalent outcomes, 10 diverged, 11 inconclusive, 12 cannot be
    judged.
    """
    directory = directory_of(os.environ)
    allowed = parse_all(tolerances)
    with opened(store, directory) as workspace:
        rows = run_of(workspace, left, directory), run_of(workspace, right, directory)
        compared = compare(workspace, *rows, allowed, code=code)
    if as_json:
        render.document(judged.diff(compared))
    elif code and compared.code is not None:
        raw = compared.code.encode("utf-8", "surrogateescape")
        sys.stdout.flush()
        sys.stdout.buffer.write(raw)
        for line in lines_of(compared, everything=everything)[:1]:
            render.say_raw(line)
    else:
        for line in lines_of(compared, everything=everything):
            render.tell(line)
    return EXIT_CODES[compared.verdict.answer]


def lines_of(compared: Compared, *, everything: bool = False) -> list[str]:
    """Return the answer, then what differs."""
    verdict = compared.verdict
    pair = f"{compared.left[:SHORT_ID]} and {compared.right[:SHORT_ID]}"
    if verdict.answer is Answer.NOT_REPLAYED:
        return [f"anew: {pair} cannot be judged · {verdict.reason}"]
    head = [f"anew: {verdict.answer}", pair, *_counts(compared)]
    differing = [item for item in verdict.items if item.verdict is not Answer.IDENTICAL]
    if verdict.reason and not differing:
        head.append(verdict.reason)
    lines = [" · ".join(head)]
    most = None if everything else MOST
    lines += _section("recipe", compared.recipe, most)
    lines += _section("circumstances", compared.circumstances, most)
    if differing:
        lines.append("outcome")
    for item in differing[:most]:
        if item.left is None or item.right is None:
            side = "the first" if item.right is None else "the second"
            text = f"in {side} run only"
        else:
            text = item.difference
        lines.append(f"  {item.kind} {shown(item.name)}: {item.verdict} · {shown(text)}")
    return lines + _more(differing, most)


def _counts(compared: Compared) -> Iterator[str]:
    names = {"metric": "metric", "output": "output", "console": "stream"}
    seen = Counter(item.kind for item in compared.verdict.items)
    same = Counter(item.kind for item in compared.verdict.items if item.verdict in SAME)
    for kind, name in names.items():
        if seen[kind]:  # type: ignore[index]
            yield f"{same[kind]:,} of {render.count(seen[kind], name)}"  # type: ignore[index]


def _section(title: str, found: Sequence[Difference], most: int | None) -> list[str]:
    if not found:
        return []
    lines = [f"{title}: {render.count(len(found), 'difference')}"]
    for each in found[:most]:
        aspect = "" if each.aspect == title else f"{each.aspect} "
        lines.append(f"  {aspect}{shown(each.name)}: {_change(each.left, each.right)}")
    return lines + _more(found, most)


def _change(left: str | None, right: str | None) -> str:
    """Return two values; long ones are cut to where they begin to differ."""
    start = 0
    if left is not None and right is not None and max(len(left), len(right)) > LONGEST:
        same = takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))
        start = max(sum(1 for _ in same) - BEFORE, 0)
    return f"{_brief(left, start)} → {_brief(right, start)}"


def _brief(value: str | None, start: int) -> str:
    if value is None:
        return "nothing"
    cut = value[start : start + LONGEST]
    more = "…" if start + LONGEST < len(value) else ""
    return f"{'…' if start else ''}{shown(cut)}{more}"


def _more(found: Sequence[object], most: int | None) -> list[str]:
    if most is None or len(found) <= most:
        return []
    return [f"  and {len(found) - most:,} more: --all"]
