"""Finding: what two sides of one thing are to each other, and what there is to say about it."""

from collections.abc import Iterable
from dataclasses import dataclass

from anew.model.verdict import Answer

WORST_LAST = (
    Answer.IDENTICAL,
    Answer.EQUIVALENT,
    Answer.INCONCLUSIVE,
    Answer.DIVERGED,
    Answer.NOT_REPLAYED,
)
SHOWN = 120  # characters of a text that stand in a difference


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer for one thing; `difference` is empty only where it is identical."""

    answer: Answer
    difference: str = ""


IDENTICAL = Finding(Answer.IDENTICAL)


def worst(answers: Iterable[Answer]) -> Answer:
    """Return the worst of `answers`, of which there is at least one."""
    return max(answers, key=WORST_LAST.index)


def both(first: Finding, second: Finding) -> Finding:
    """Return what two findings about one thing come to: the worse answer, all that was said."""
    said = "; ".join(text for text in (first.difference, second.difference) if text)
    return Finding(worst((first.answer, second.answer)), said)


def shown(text: str) -> str:
    """Return `text` as evidence: quoted, escaped, and cut in its middle where it is long."""
    if len(text) > SHOWN:
        half = SHOWN // 2
        text = f"{text[:half]} … {text[-half:]}"
    return repr(text)


def shown_pair(left: str, right: str) -> str:
    """Return both texts as evidence, what they share at the start cut where that is long."""
    if max(len(left), len(right)) > SHOWN:
        same = _shared(left, right)
        if same > SHOWN // 3:
            cut = same - SHOWN // 4
            left, right = "…" + left[cut:], "…" + right[cut:]
    return f"{shown(left)} and {shown(right)}"


def _shared(left: str, right: str) -> int:
    shortest = min(len(left), len(right))
    for position in range(shortest):
        if left[position] != right[position]:
            return position
    return shortest
