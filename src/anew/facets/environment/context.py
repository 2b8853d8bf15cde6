"""Lays the files of an archive out as a container holds them: at their paths, all of one time."""

import os
import stat
import struct
from pathlib import Path

from anew.facets.environment import compiled, layout
from anew.model.archive import Archive, Part
from anew.store.local import LocalStore

OPEN_TO_ALL = ("/tmp", "/var/tmp")
PARTS = (Part.PREFIX, Part.SITE, Part.INTERPRETER, Part.SOURCE)
_TIME = slice(8, 12)  # of the source, in the header of a byte-compiled file


def lay_out(archive: Archive, root: Path, store: LocalStore, clock: int) -> int:
    """Write the trees of `archive` below `root` at their original paths; return how many files.

    Every file gets the time `clock`, in s since 1970, and so do byte-compiled files for their
    sources: an engine that sets one time for all files leaves them valid.

    Raises:
        MissingObject, DamagedObject, OSError: something could not be written.
    """
    staging = root.with_name(root.name + ".part")
    placed = layout.lay_out(archive, PARTS, staging, store, link=False)
    for original, place in sorted(placed.places.items()):
        target = Path(f"{root}{original}")
        _make_parents(root, target.parent)
        os.rename(place, target)
    staging.rmdir()
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            _settle(os.path.join(folder, name), clock)
        os.utime(folder, (clock, clock))
    return placed.files


def _make_parents(root: Path, folder: Path) -> None:
    made = Path(root)
    made.mkdir(exist_ok=True)
    for part in folder.relative_to(root).parts:
        made /= part
        made.mkdir(exist_ok=True)
        shown = "/" + str(made.relative_to(root))
        made.chmod(0o1777 if shown in OPEN_TO_ALL else 0o755)


def _settle(path: str, clock: int) -> None:
    status = os.lstat(path)
    if stat.S_ISREG(status.st_mode) and path.endswith(compiled.SUFFIX):
        _compile_for(path, clock)
    os.utime(path, (clock, clock), follow_symlinks=False)


def _compile_for(path: str, clock: int) -> None:
    """Say in a byte-compiled file that goes by the time of its source that this is `clock`."""
    with open(path, "rb") as stream:
        data = bytearray(stream.read())
    by_time = len(data) >= compiled.HEADER and data[4:8] == bytes(4)
    if by_time:
        data[_TIME] = struct.pack("<I", clock)
        mode = stat.S_IMODE(os.stat(path).st_mode)
        os.chmod(path, mode | stat.S_IWUSR)
        with open(path, "wb") as stream:
            stream.write(data)
        os.chmod(path, mode)
