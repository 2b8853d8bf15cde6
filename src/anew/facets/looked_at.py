"""Files a run asked after and did not read: that they were there, how large and how old, or not."""

import stat
from collections.abc import Iterable

from anew.model.inputs import FileKind, Input, Kept
from anew.model.tree import Listing
from anew.store.listings import write_listing
from anew.store.protocol import Batch
from anew.trace.histories import History
from anew.trace.places import short

MOST_ABSENT = 10_000  # names that were looked for in vain


def collect(histories: Iterable[History], project: str, batch: Batch) -> Listing | None:
    """Write down what was found out about each file: a STAT, or that it was ABSENT."""
    found: list[Input] = []
    absent = 0
    for history in histories:
        path, first = short(history.path, project), history.first
        if first is not None:
            found.append(
                Input(path, FileKind.STAT, first.size, Kept.VALUE,
                      mode=stat.S_IMODE(first.mode), modified=first.modified // 1000,
                      nanos=first.modified % 1000, written=history.changed)
            )  # fmt: skip
        elif absent < MOST_ABSENT:
            absent += 1
            found.append(Input(path, FileKind.ABSENT, 0, Kept.VALUE, mode=0))
    return write_listing(batch, found, lambda each: each.path) if found else None
