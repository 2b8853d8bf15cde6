"""The JSON documents others build on: one function each, keys added, never renamed."""

from anew.model.verdict import Verdict
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
