"""Outputs under names of the clock: where those names are written, they are masked; data is not."""

from anew.judge.finding import Finding
from anew.judge.items import Pair
from anew.judge.lines import compare_lines
from anew.judge.masks import Masks, Place
from anew.judge.moved import apart, with_moved
from anew.model.inputs import Kept
from anew.model.record import Output
from anew.model.tolerance import Exact
from anew.model.verdict import Answer, ItemKind

MASKS = Masks((Place("project", "/p", "/p"),))
HERE, THERE = "outputs/2024-05-01/12-30-00", "outputs/2024-05-01/12-30-01"


def pair(left: str, right: str, answer: Answer) -> Pair:
    one, other = (
        Output(f"{folder}/.hydra/config.yaml", None, 1, Kept.NO) for folder in (left, right)
    )
    return Pair(ItemKind.OUTPUT, one.path, one, other, Finding(answer, "named"))


def judged(left: str, right: str, masks: Masks) -> Answer:
    return compare_lines(left, right, Exact(), masks, volatile=False).answer


def test_a_folder_named_by_the_clock_is_masked_in_files() -> None:
    masks = with_moved(MASKS, [pair(HERE, THERE, Answer.EQUIVALENT)])
    for form in ("output_dir: /p/{}", "dir: {}", "'{}/x.csv'"):
        assert judged(form.format(HERE), form.format(THERE), masks) is Answer.EQUIVALENT
        assert judged(form.format(HERE), form.format(THERE), MASKS) is Answer.DIVERGED
    assert judged(f"/p/{HERE} 1", f"/p/{THERE} 2", masks) is Answer.DIVERGED
    assert judged(f"/p/{HERE}0", f"/p/{THERE}0", masks) is Answer.DIVERGED


def test_what_was_not_matched_by_a_mask_is_not_masked() -> None:
    assert with_moved(MASKS, [pair(HERE, THERE, Answer.DIVERGED)]) == MASKS
    assert with_moved(MASKS, [pair(HERE, HERE, Answer.IDENTICAL)]) == MASKS


def test_only_what_differs_is_a_place() -> None:
    assert apart("a/1/b", "a/2/b") == ("a/1", "a/2")
    assert apart("x1", "x2") == ("x1", "x2")
    assert apart("b/c", "a/b/c") == ("b", "a/b")
