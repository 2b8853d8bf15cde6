"""Outputs that a clock or a process id gave another name: that name is masked where it is written.

A program that makes `outputs/2024-05-01/12-30-00` writes that path into the files there.
"""

from collections.abc import Iterable
from dataclasses import replace

from anew.judge.items import Pair
from anew.judge.masks import Masks, Place
from anew.model.record import Output
from anew.model.verdict import Answer

OUTPUT = "output"
MOST = 50  # places that are looked for in each line


def with_moved(masks: Masks, pairs: Iterable[Pair]) -> Masks:
    """Return `masks` with a place for each output that was matched by a masked name."""
    places: dict[Place, None] = {}
    for pair in pairs:
        match pair.left, pair.right:
            case Output(path=here), Output(path=there) if (
                here != there and pair.naming.answer is Answer.EQUIVALENT
            ):
                here, there = apart(here, there)
                places[Place(OUTPUT, here, there)] = None
                for each in masks.places:  # a relative path, as it is below the project
                    whole = Place(OUTPUT, f"{each.left}/{here}", f"{each.right}/{there}")
                    places |= {whole: None} if not here.startswith("/") else {}
    return replace(masks, places=(*masks.places, *places)) if 0 < len(places) <= MOST else masks


def apart(left: str, right: str) -> tuple[str, str]:
    """Return two paths without what they share at the end.

    >>> apart("out/12-30/log/a.txt", "out/12-31/log/a.txt")
    ('out/12-30', 'out/12-31')
    """
    here, there = left.split("/"), right.split("/")
    while len(here) > 1 and len(there) > 1 and here[-1] == there[-1]:
        here.pop()
        there.pop()
    return "/".join(here), "/".join(there)
