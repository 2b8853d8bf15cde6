"""Tolerances as a user writes them: `abs=1e-6`, `rel=1e-9`, `ulps=4`, `PATTERN:rel=1e-3`."""

import math
from collections.abc import Iterable
from fnmatch import fnmatchcase

from anew.model.errors import WrongUsage
from anew.model.tolerance import Absolute, Exact, Relative, Rule, Tolerance, Tolerances, Ulps

EXAMPLES = "`--tolerance rel=1e-6`, or for one item: `--tolerance 'val/loss:abs=0.01'`"


def parse(text: str) -> Rule:
    """Return what `text` asks for; without a pattern, a rule for `*`, which is every item.

    `abs=` is an absolute difference in the item's own unit, `rel=` one relative to the larger
    magnitude, `ulps=` a count of 64-bit floats, `exact` none at all. A bare number is relative:
    it fits metrics of any size. The pattern is a glob over names of metrics, paths of outputs and
    names of streams, and ends at the last colon.

    >>> parse("val/*:1e-3")
    Rule(pattern='val/*', tolerance=Relative(limit=0.001))

    Raises:
        WrongUsage: `text` is no tolerance.
    """
    pattern, colon, asked = text.rpartition(":")
    if colon and not pattern:
        raise _wrong(text, "there is no pattern before the colon")
    return Rule(pattern or "*", _tolerance(text, asked.strip()))


def parse_all(texts: Iterable[str]) -> Tolerances:
    """Return the tolerances that `texts` ask for: patterns in their order, else the default.

    Raises:
        WrongUsage: one of them is no tolerance, or two of them are defaults.
    """
    rules: list[Rule] = []
    default: Tolerance | None = None
    for text in texts:
        rule = parse(text)
        if rule.pattern != "*":
            rules.append(rule)
        elif default is None:
            default = rule.tolerance
        else:
            raise _wrong(text, "another tolerance is given for every item already")
    return Tolerances(default or Exact(), tuple(rules))


def tolerance_for(name: str, tolerances: Tolerances) -> Tolerance:
    """Return the tolerance that holds for the item `name`."""
    return rule_for(name, tolerances) or tolerances.default


def rule_for(name: str, tolerances: Tolerances) -> Tolerance | None:
    """Return the tolerance that a rule names for the item `name`, None where none does."""
    for rule in tolerances.rules:
        if fnmatchcase(name, rule.pattern):
            return rule.tolerance
    return None


def _tolerance(text: str, asked: str) -> Tolerance:
    if asked == "exact":
        return Exact()
    kind, equals, number = asked.rpartition("=")
    if equals and not kind:
        raise _wrong(text, "it says `=` but not of what")
    match kind:
        case "abs":
            return Absolute(_limit(text, number))
        case "rel" | "":
            limit = _limit(text, number)
            if limit >= 1:
                raise _wrong(text, "relative to the larger value, 1 or more lets anything pass")
            return Relative(limit)
        case "ulps":
            if not (number.isascii() and number.isdigit()):
                raise _wrong(text, "ulps are counted: 0, 1, 2, …")
            return Ulps(int(number))
        case _:
            raise _wrong(text, f"there is no tolerance `{kind}`")


def _limit(text: str, number: str) -> float:
    try:
        limit = float(number)
    except ValueError:
        raise _wrong(text, f"`{number}` is no number") from None
    if not math.isfinite(limit) or limit < 0:
        raise _wrong(text, f"`{number}` is no finite number of 0 or more")
    return limit


def _wrong(text: str, why: str) -> WrongUsage:
    return WrongUsage(f"`{text}` is no tolerance", why=why, hint=f"for example {EXAMPLES}")
