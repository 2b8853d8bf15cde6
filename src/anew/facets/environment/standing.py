"""Standing: the states in which laid-out files were proved; only others are read again."""

import contextlib
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from anew.facets.remembered import recall, remember
from anew.model.tree import Stamp
from anew.store.copying import stamp_of
from anew.store.mounts import Mounts

SETTLED = 2_000_000_000  # ns; a file that changed later may change again under the same stamp
FOLDER = Stamp(0, 0, 0, 0, 0, 0)  # its entries have stamps of their own
Found = dict[str, Stamp]  # by path below a folder; "" is the folder itself


class Standing(Struct, array_like=True):
    """What lay below some folders, by folder and path, from the time `taken` on, in ns."""

    taken: int
    folders: dict[str, Found]

    def proved(self, folder: str, now: Mapping[str, Stamp]) -> frozenset[str]:
        """Return the paths below `folder` that are still as they were proved."""
        before, latest = self.folders.get(folder, {}), self.taken - SETTLED
        return frozenset(
            path for path, stamp in now.items()
            if stamp.changed < latest and before.get(path) == stamp
        )  # fmt: skip


def look(folders: Iterable[str]) -> Standing:
    """Look at all that lies below `folders`.

    Raises:
        OSError: something cannot be looked at.
    """
    taken = time.time_ns()
    return Standing(taken, {folder: _below(folder) for folder in folders})


def _below(top: str) -> Found:
    if not os.path.isdir(top):
        return {"": stamp_of(os.lstat(top))}
    found = {"": FOLDER}
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(f"{top}/{folder}") as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path)
                    found[path] = FOLDER
                else:
                    found[path] = stamp_of(entry.stat(follow_symlinks=False))
    return found


def load(place: Path) -> Standing:
    """Return what was written to `place`, nothing where that cannot be read."""
    return recall(place, Standing) or Standing(0, {})


def save(place: Path, standing: Standing) -> None:
    """Write `standing` to `place`; where stamps prove nothing, or it cannot be, nothing."""
    with contextlib.suppress(OSError):
        if Mounts().keep_time(place.parent.stat().st_dev):
            remember(place, standing)
