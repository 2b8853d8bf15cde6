"""The document of `anew ls`: a row per run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anew.cli.documents.values import number, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from anew.ledger.rows import MetricRow, RunRow
    from anew.verbs.sizes import Sizes


def ls(rows: Iterable[RunRow], sizes: Mapping[str, Sizes] | None = None) -> dict[str, object]:
    """Return the document of `anew ls --json`."""
    runs = [_run(row, sizes.get(row.id) if sizes is not None else None) for row in rows]
    return {"schema": "anew/ls-1", "runs": runs}


def _run(row: RunRow, sizes: Sizes | None) -> dict[str, object]:
    facts: dict[str, object] = {
        "id": row.id,
        "name": row.name,
        "status": row.status.value,
        "track": row.track,
        "command": row.command,
        "started_at": row.started_at,
        "duration_s": seconds(row.duration),
        "exit_code": row.exit_code,
        "signal": row.signal,
        "tags": dict(row.tags),
        "notes": list(row.notes),
        "metrics": {each.name: metric(each) for each in row.metrics},
        "replay_of": row.replay_of,
        "counterfactual": row.counterfactual or None,
        "verdict": row.verdict,
        "verdict_at": row.verdict_at,
        "verdict_isolated": row.verdict_isolated,
        "project": row.project,
        "commit": row.commit,
        "recipe": row.recipe,
        "exact_recipe": row.exact,
        "inputs_b": row.input_size,
        "outputs_b": row.output_size,
        "sealed": row.record is not None,
    }
    if sizes is not None:
        facts["stored_b"] = sizes.stored
        facts["freed_by_rm_b"] = sizes.alone
    return facts


def metric(row: MetricRow) -> dict[str, object]:
    """Return a metric summed up."""
    return {
        "last": number(row.last),
        "min": number(row.min),
        "max": number(row.max),
        "count": row.points,
    }
