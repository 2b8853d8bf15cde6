"""compare: two runs side by side, what differs in recipe, circumstances and outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anew.model.errors import DamagedObject, MissingObject, NotSealed
from anew.model.verdict import Answer, Verdict
from anew.verbs.diff import (
    circumstance_differences,
    code_diff,
    judge_outcomes,
    masks_between,
    recipe_differences,
)
from anew.verbs.find import record_of

if TYPE_CHECKING:
    from anew.judge.differences import Difference
    from anew.ledger.rows import RunRow
    from anew.model.record import Record
    from anew.model.tolerance import Tolerances
    from anew.verbs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Compared:
    """How two runs compare; `left` and `right` are ids, `code` a unified diff if asked for."""

    left: str
    right: str
    verdict: Verdict
    recipe: tuple[Difference, ...] = ()
    circumstances: tuple[Difference, ...] = ()
    code: str | None = None


def compare(
    workspace: Workspace, left: RunRow, right: RunRow, tolerances: Tolerances, *, code: bool
) -> Compared:
    """Compare two runs. What stops it is a verdict, `not replayed`, with its reason."""
    try:
        here, there = record_of(workspace, left), record_of(workspace, right)
        return _compared(workspace, here, there, tolerances, code=code)
    except (NotSealed, MissingObject, DamagedObject) as error:
        reason = f"{error.what}: {error.why}" if error.why else error.what
        return Compared(left.id, right.id, Verdict(Answer.NOT_REPLAYED, (), reason))


def _compared(
    workspace: Workspace, left: Record, right: Record, tolerances: Tolerances, *, code: bool
) -> Compared:
    store = workspace.store
    masks = masks_between(left, right, store)
    return Compared(
        left.id,
        right.id,
        judge_outcomes(left.outcome, right.outcome, store, tolerances, masks),
        recipe_differences(left, right, store),
        circumstance_differences(left, right, store),
        code_diff(left, right, store) if code else None,
    )
