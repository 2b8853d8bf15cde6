"""Where a project begins, and what lies in it before and after a run."""

import os
import stat
import time
from pathlib import Path

from msgspec import Struct, field

from anew.model.tree import Stamp

MOST_ENTRIES = 50_000
MOST_SECONDS = 2.0
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


def stamp_of(status: os.stat_result) -> Stamp:
    """Return the state that `status` speaks of."""
    return Stamp(
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mode,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def stamp_at(path: str) -> Stamp | None:
    """Return the state of the file at `path`, links followed; None where there is none."""
    try:
        return stamp_of(os.stat(path))
    except (OSError, ValueError):
        return None


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
            with os.scandir(folder) as found:
                entries = list(found)
        except OSError:
            continue
        count += len(entries)
        if count > MOST_ENTRIES or time.monotonic() > deadline:
            listing.whole = False
            return listing
        if any(entry.name == "pyvenv.cfg" or entry.name == "conda-meta" for entry in entries):
            listing.environments.append(folder)
            continue
        listing.folders.append(folder)
        for entry in entries:
            _add(listing, pending, entry)
    return listing


def _add(listing: Listing, pending: list[str], entry: os.DirEntry[str]) -> None:
    try:
        if entry.is_symlink():
            listing.links[entry.path] = os.readlink(entry.path)
            status = entry.stat()
            if stat.S_ISREG(status.st_mode):
                listing.files[entry.path] = stamp_of(status)
        elif entry.is_dir(follow_symlinks=False):
            if entry.name not in SKIPPED:
                pending.append(entry.path)
        else:
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                listing.files[entry.path] = stamp_of(status)
    except OSError:
        return
