"""Where a project begins, and what lies in it before and after a run."""

import os
import stat
import time
from pathlib import Path

from msgspec import Struct, field

from anew.facets.states import stamps_in
from anew.model.tree import Stamp
from anew.store.copying import stamp_at

MOST_ENTRIES = 50_000
MOST_SECONDS = 2.0
REGULAR, LINK, KIND = stat.S_IFREG, stat.S_IFLNK, 0o170000
ENVIRONMENTS = frozenset(("pyvenv.cfg", "conda-meta"))  # a folder with one of them is none of ours
SKIPPED = frozenset(
    (".git", ".hg", ".svn", "__pycache__", "node_modules", ".mypy_cache", ".ruff_cache", ".tox",
     ".nox", ".pytest_cache", ".anew", ".ipynb_checkpoints")
)  # fmt: skip


class Project(Struct, frozen=True):
    """A folder whose files belong together. `bounded` is False where only used files count."""

    root: str
    bounded: bool = True


class Listing(Struct):
    """What lies in a project: the state of each file, where links lead; `whole` unless cut short.

    Paths are absolute. Of a link the state is that of the file it leads to.
    """

    files: dict[str, Stamp] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    environments: list[str] = field(default_factory=list)
    whole: bool = True


def find(directory: str, script: str | None) -> Project:
    """Return the project of a run that starts in `directory`.

    It is the nearest folder at or above with `anew.toml`, else the top level of git, else the
    folder itself; `/`, the home and temporary folders are none: there the script's own folder
    counts, and of it only the files that are used.
    """
    never = _never()
    folder = Path(directory)
    for name in ("anew.toml", ".git"):
        for candidate in (folder, *folder.parents):
            if str(candidate) not in never and (candidate / name).exists():
                return Project(str(candidate))
    if directory not in never:
        return Project(directory)
    place = os.path.dirname(os.path.join(directory, script)) if script else directory
    return Project(os.path.normpath(place), bounded=False)


def temporary_folder() -> str:
    """Return where programs put what is temporary; the module that knows is slow to load."""
    for name in ("TMPDIR", "TEMP", "TMP"):
        folder = os.environ.get(name)
        if folder and os.path.isdir(folder):
            return os.path.abspath(folder)
    return "/tmp"


def _never() -> frozenset[str]:
    folders = {"/", str(Path.home()), temporary_folder(), "/tmp", "/var/tmp"}
    return frozenset(folders | {os.path.realpath(folder) for folder in folders})


def look(project: Project) -> Listing:
    """List the files of `project`, for at most `MOST_SECONDS` and `MOST_ENTRIES`."""
    listing = Listing()
    if not project.bounded:
        listing.whole = False
        return listing
    deadline = time.monotonic() + MOST_SECONDS
    pending, count = [project.root], 0
    while pending:
        folder = pending.pop()
        try:
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            with os.scandir(opened) as found:
                entries = list(found)
            count += len(entries)
            if count > MOST_ENTRIES or time.monotonic() > deadline:
                listing.whole = False
                return listing
            if not ENVIRONMENTS.isdisjoint([entry.name for entry in entries]):
                listing.environments.append(folder)
                continue
            listing.folders.append(folder)
            _add(listing, pending, folder if folder == "/" else folder + "/", entries, opened)
        except OSError:
            continue
        finally:
            os.close(opened)
    return listing


def _add(
    listing: Listing,
    pending: list[str],
    prefix: str,
    entries: list[os.DirEntry[str]],
    opened: int,
) -> None:
    """Add the entries of one folder, whose descriptor is `opened`."""
    names = []
    for entry in entries:
        try:
            if not entry.is_dir(follow_symlinks=False):
                names.append(entry.name)
            elif entry.name not in SKIPPED:
                pending.append(prefix + entry.name)
        except OSError:
            continue
    files = listing.files
    for name, stamp in zip(names, stamps_in(opened, names), strict=True):
        kind = stamp[3] & KIND
        if kind == REGULAR:
            files[prefix + name] = stamp
        elif kind == LINK:
            _add_link(listing, prefix + name)


def _add_link(listing: Listing, path: str) -> None:
    try:
        listing.links[path] = os.readlink(path)
    except OSError:
        return
    stamp = stamp_at(path)
    if stamp is not None and stamp.mode & KIND == REGULAR:
        listing.files[path] = stamp


def as_seen(listing: Listing, real: str, root: str) -> Listing:
    """Return what lies in `real` under the names it has where `root` is seen in its place."""
    cut = len(real)
    return Listing(
        {root + path[cut:]: stamp for path, stamp in listing.files.items()},
        {root + path[cut:]: target for path, target in listing.links.items()},
        [root + path[cut:] for path in listing.folders],
        [root + path[cut:] for path in listing.environments],
        listing.whole,
    )
