"""Documents of what was judged: the items of a replay or a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anew.judge.differences import Difference
    from anew.model.verdict import Verdict
    from anew.verbs.compare import Compared
    from anew.verbs.replay import Replayed


def replay(result: Replayed) -> dict[str, object]:
    """Return the document of `anew replay --json`."""
    return {
        "schema": "anew/replay-1",
        "verdict": result.verdict.answer,
        "reason": result.verdict.reason,
        "replay_of": result.replay_of,
        "run": result.run.id if result.run else None,
        "counterfactual": list(result.counterfactual),
        "restored": {
            aspect: {"exact": each.exact, "note": each.note}
            for aspect, each in sorted(result.restored.items())
        },
        "items": items(result.verdict),
        "room": result.room,
        "isolation": result.isolated,
        "hint": result.hint,
    }


def items(verdict: Verdict) -> list[dict[str, object]]:
    """Return what a verdict rests on."""
    return [
        {
            "kind": item.kind,
            "name": item.name,
            "verdict": item.verdict,
            "left": item.left,
            "right": item.right,
            "difference": item.difference,
        }
        for item in verdict.items
    ]


def diff(compared: Compared) -> dict[str, object]:
    """Return the document of `anew diff --json`."""
    document: dict[str, object] = {
        "schema": "anew/diff-1",
        "verdict": compared.verdict.answer,
        "reason": compared.verdict.reason,
        "left": compared.left,
        "right": compared.right,
        "recipe": differences(compared.recipe),
        "circumstances": differences(compared.circumstances),
        "items": items(compared.verdict),
    }
    if compared.code is not None:
        document["code"] = compared.code
    return document


def differences(found: Iterable[Difference]) -> list[dict[str, object]]:
    """Return what two runs do not share."""
    return [
        {"aspect": each.aspect, "name": each.name, "left": each.left, "right": each.right}
        for each in found
    ]
