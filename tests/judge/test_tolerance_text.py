"""Tolerances as a user writes them."""

import pytest

from anew.judge.tolerance_text import parse, parse_all, rule_for, tolerance_for
from anew.model.errors import WrongUsage
from anew.model.tolerance import Absolute, Exact, Relative, Rule, Tolerances, Ulps


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abs=1e-6", Rule("*", Absolute(1e-6))),
        ("rel=1e-9", Rule("*", Relative(1e-9))),
        ("ulps=4", Rule("*", Ulps(4))),
        ("exact", Rule("*", Exact())),
        ("1e-3", Rule("*", Relative(1e-3))),
        ("val/*:abs=0.5", Rule("val/*", Absolute(0.5))),
        ("C:/x/a:b:0", Rule("C:/x/a:b", Relative(0.0))),
    ],
)
def test_text_says_a_tolerance(text: str, expected: Rule) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "abs", "abs=", "=1", "abs=-1", "rel=nan", "abs=inf", "rel=1", "rel=2", "1", "ulps=1.5",
     "ulps=-1", "ulp=1", ":rel=1e-3", "loss:", "1%", "rel=1e-3,abs=1", "ulps=¹"],
)  # fmt: skip
def test_text_that_is_no_tolerance_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(WrongUsage) as caught:
        parse(text)

    assert f"`{text}`" in str(caught.value)
    assert "rel=1e-6" in caught.value.hint


def test_first_rule_that_matches_holds_else_the_default() -> None:
    found = parse_all(["val/*:abs=1", "rel=0.1", "val/loss:ulps=2"])

    assert found == Tolerances(
        Relative(0.1), (Rule("val/*", Absolute(1.0)), Rule("val/loss", Ulps(2)))
    )
    assert tolerance_for("val/loss", found) == Absolute(1.0)
    assert tolerance_for("loss", found) == Relative(0.1)
    assert rule_for("loss", found) is None


def test_none_is_exact_and_two_for_every_item_are_refused() -> None:
    assert parse_all([]) == Tolerances()
    with pytest.raises(WrongUsage):
        parse_all(["rel=0.1", "abs=1"])
