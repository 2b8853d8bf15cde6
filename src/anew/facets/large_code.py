"""Code of a git project too large to look through: its list is made once per state of git's index.

Git's own index says which files are as they were committed. While it stays the same, and the few
files that differ from it do, the list of all files stays the same, and is found by its key.
"""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from anew.facets import git
from anew.facets.holding import Holder
from anew.facets.project import MOST_ENTRIES
from anew.facets.remembered import recall, remember
from anew.model.canonical import digest_of
from anew.model.inputs import CodeFile
from anew.model.tree import Listing
from anew.store.copying import stamp_at
from anew.store.listings import write_listing
from anew.trace.places import inside, short

LARGEST = 1 << 20  # bytes of an untracked file
EXECUTABLE = 0o111


class _Known(msgspec.Struct):
    """A list that was made before, and how many files it holds that git tracks."""

    listing: Listing
    tracked: int


def is_large(root: str) -> bool:
    """Say whether git tracks more files below `root` than are looked through."""
    top = git.top_level(root)
    return top is not None and git.tracked_count(top) > MOST_ENTRIES


def listing(
    used: list[CodeFile],
    state: git.GitState,
    project: str,
    holder: Holder,
    real: Callable[[str], str],
    cache: Path,
) -> Listing:
    """Return the list of all code: `used`, what differs from the commit, and what git tracks."""
    own = [*used, *_differing(used, state, project, holder, real)]
    key = digest_of([project, state.commit, state.index, state.changed, own])
    place = cache / "code" / f"{key[3:35]}.msgpack"
    known = recall(place, _Known)
    if known is not None and holder.store.has_many((known.listing.digest,)):
        holder.count(known.tracked)
        return known.listing
    taken = {file.path for file in own} | set(_changed(state, project))
    tracked = []
    for path in git.tracked(state, project):
        shown = short(path, project)
        if shown not in taken:
            file = _held(path, shown, "git", holder, real)
            if file is not None:
                tracked.append(file)
    files = [*own, *tracked]
    made = write_listing(holder.batch, files, lambda each: each.path, sum(f.size for f in files))
    remember(place, _Known(made, len(tracked)))
    return made


def _changed(state: git.GitState, project: str) -> list[str]:
    return [short(f"{state.top}/{name}", project) for name in state.changed]


def _differing(
    used: list[CodeFile],
    state: git.GitState,
    project: str,
    holder: Holder,
    real: Callable[[str], str],
) -> list[CodeFile]:
    """Hold files that differ from the commit, and small ones that git does not track."""
    taken = {file.path for file in used}
    files = []
    named = [(name, "git") for name in state.changed]
    named += [(name, "untracked") for name in state.untracked if not name.endswith("/")]
    for name, source in named:
        path = f"{state.top}/{name}"
        shown = short(path, project)
        if shown in taken or not inside(path, project):
            continue
        stamp = stamp_at(real(path))
        if stamp is None or (source == "untracked" and stamp.size > LARGEST):
            continue
        file = _held(path, shown, source, holder, real)
        if file is not None:
            files.append(file)
    return files


def _held(
    path: str, shown: str, source: str, holder: Holder, real: Callable[[str], str]
) -> CodeFile | None:
    stamp = stamp_at(real(path))
    if stamp is None or not os.path.isfile(real(path)):
        return None
    held = holder.hold("code", shown, real(path), stamp, always=True)
    executable = bool(stamp.mode & EXECUTABLE)
    return CodeFile(shown, held.digest, stamp.size, held.kept, executable, source=source)
