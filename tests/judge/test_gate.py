"""What a run lacks for the production track, in one list."""

import pytest

from anew.judge.gate import Standing, lacking
from anew.model.status import Status
from anew.model.verdict import Answer, Verdict


def standing(answer: Answer | None = Answer.IDENTICAL, **more: object) -> Standing:
    verdict = None if answer is None else Verdict(answer, (), "a reason")
    return Standing(Status.FINISHED, verdict=verdict, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", [Answer.IDENTICAL, Answer.EQUIVALENT])
def test_a_run_that_holds_all_and_was_proved_lacks_nothing(answer: Answer) -> None:
    assert lacking(standing(answer)) == ()


@pytest.mark.parametrize("answer", [Answer.DIVERGED, Answer.INCONCLUSIVE, Answer.NOT_REPLAYED])
def test_another_verdict_is_a_lack_with_its_reason(answer: Answer) -> None:
    [lack] = lacking(standing(answer))
    assert answer.value in lack.what
    assert "a reason" in lack.what


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"counterfactual": ("numpy==2.4",)}, "numpy==2.4"),
        ({"unheld": (("big.bin", "too large"),)}, "big.bin"),
        ({"environment": "its files are not archived"}, "not archived"),
        ({"unproved": "no namespaces here"}, "no namespaces"),
        ({"lent": ("/data",)}, "/data"),
    ],
)
def test_each_thing_missing_is_named(more: dict[str, object], words: str) -> None:
    [lack] = lacking(standing(**more))
    assert words in lack.what
    assert lack.remedy


def test_no_replay_and_a_failed_run_are_both_in_the_list() -> None:
    lacks = lacking(Standing(Status.FAILED, unheld=(("a", "gone"), ("b", "gone"))))
    assert [each.aspect for each in lacks] == ["outcome", "inputs", "inputs", "replay"]
