"""Outputs of two runs put side by side: by name, then by content, then by masked name."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from anew.judge.finding import Finding
from anew.judge.masks import Masked, Masker, Masks, maskers
from anew.model.record import Output
from anew.model.verdict import Answer


class Match(NamedTuple):
    """Two outputs that belong together, or one alone; `name` is the finding about their names."""

    left: Output | None
    right: Output | None
    name: Finding


SAME_NAME = Finding(Answer.IDENTICAL)


@dataclass(frozen=True, slots=True)
class Rest:
    """What has found no other side yet."""

    left: dict[str, Output]
    right: dict[str, Output]


@dataclass(frozen=True, slots=True)
class Key:
    """What two outputs have to share. Empty files are all the same: their content is no key.

    `random` masks what looks drawn at random: with the same bytes only.
    """

    masker: Masker
    by_content: bool
    by_name: bool
    random: bool = False

    def of(self, output: Output) -> Hashable:
        """Return the key of `output`, None where it has none."""
        content = output.digest if self.by_content and output.size else None
        if self.by_content and content is None:
            return None
        return content, self.name(output) if self.by_name else None

    def name(self, output: Output) -> Masked:
        """Return the name of `output` as far as it is looked at."""
        if not self.by_name:
            return Masked("")
        return self.masker.name(output.path, random=self.random)


def match_outputs(
    left: Iterable[Output], right: Iterable[Output], masks: Masks
) -> tuple[Match, ...]:
    """Return each output of either side once, with its other side where it has one."""
    rest = Rest({one.path: one for one in left}, {one.path: one for one in right})
    matches = [
        Match(rest.left.pop(path), rest.right.pop(path), SAME_NAME)
        for path in sorted(rest.left.keys() & rest.right.keys())
    ]
    here, there = maskers(masks)
    for by_content, by_name, random in (
        (True, True, False),
        (True, True, True),
        (True, False, False),
        (False, True, False),
    ):
        keys = (Key(side, by_content, by_name, random) for side in (here, there))
        matches += _alike(rest, *keys)
    matches += [Match(one, None, SAME_NAME) for one in rest.left.values()]
    matches += [Match(None, one, SAME_NAME) for one in rest.right.values()]
    return tuple(sorted(matches, key=_path))


def _path(match: Match) -> str:
    one = match.left or match.right
    return one.path if one else ""


def _alike(rest: Rest, here: Key, there: Key) -> list[Match]:
    """Match those with one key, in the order of their names, where both sides have as many."""
    groups, others = _grouped(rest.left, here), _grouped(rest.right, there)
    matches = []
    for key in groups.keys() & others.keys():
        if len(groups[key]) != len(others[key]):
            continue
        for one, other in zip(groups[key], others[key], strict=True):
            del rest.left[one.path], rest.right[other.path]
            by = {*here.name(one).by, *there.name(other).by}
            matches.append(Match(one, other, _said(one, other, by)))
    return matches


def _grouped(outputs: dict[str, Output], key: Key) -> dict[Hashable, list[Output]]:
    groups: dict[Hashable, list[Output]] = defaultdict(list)
    for path in sorted(outputs):
        of = key.of(outputs[path])
        if of is not None:
            groups[of].append(outputs[path])
    return groups


def _said(left: Output, right: Output, by: set[str]) -> Finding:
    if not by:
        said = f"the same bytes under another name: {left.path} and {right.path}"
        return Finding(Answer.DIVERGED, said)
    said = f"named {left.path} and {right.path}, equal without: {', '.join(sorted(by))}"
    return Finding(Answer.EQUIVALENT, said)
