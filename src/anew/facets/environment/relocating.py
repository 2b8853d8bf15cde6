"""Makes an environment usable at another place: rewrites what names the place it was made for."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from anew.facets.environment import conda
from anew.facets.environment.layout import Placed
from anew.model.archive import Archive, Part

TEXT_LARGEST = 1 << 20  # bytes; what is larger is no script
SHEBANG_LONGEST = 127  # bytes, with older kernels
KINDS = (".pth", ".egg-link", ".json", ".cfg", ".py")


def relocate(
    archive: Archive, placed: Placed, *, lying: Mapping[str, str] | None = None
) -> list[Path]:
    """Let scripts, `pyvenv.cfg`, `.pth` files and links name the places where the trees lie now.

    `lying` says where each tree is to be seen, where that is not where it lies. Returns the files
    that were written anew.
    """
    written: list[Path] = []
    moved = placed.places if lying is None else lying
    moved = {old: new for old, new in moved.items() if old != new}
    if not moved:
        return written
    for tree in archive.trees:
        place = placed.places.get(tree.path)
        if place is not None and tree.part in (Part.PREFIX, Part.SITE):
            written += [path for path in _naming(Path(place)) if _rewrite(path, moved)]
            if tree.part is Part.PREFIX and tree.path in moved:
                written += conda.relocate(Path(place), tree.path, moved[tree.path])
    return written


def _naming(place: Path) -> Iterator[Path]:
    """Yield the files that may name the place of the environment."""
    for path in (place / "pyvenv.cfg", *_in(place / "bin")):
        if path.is_symlink() or path.is_file():
            yield path
    for site in (*place.glob("lib*/python*/site-packages"), place):
        for path in _in(site):
            if path.is_file() and path.name.endswith(KINDS) and not path.is_symlink():
                yield path


def _in(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _rewrite(path: Path, moved: Mapping[str, str]) -> bool:
    """Write a file or link anew where it names what moved; say whether it did."""
    if path.is_symlink():
        target = os.readlink(path)
        new = _replaced(os.fsencode(target), moved)
        if new != os.fsencode(target):
            path.unlink()
            path.symlink_to(os.fsdecode(new))
        return new != os.fsencode(target)
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > TEXT_LARGEST:
        return False
    data = path.read_bytes()
    if b"\0" in data:
        return False
    new = _replaced(data, moved)
    if new != data and new.startswith(b"#!"):
        new = _startable(new)
    if new != data:
        path.unlink()  # it may be another file's, by a link
        path.write_bytes(new)
        path.chmod(stat.S_IMODE(status.st_mode))
    return new != data


def _startable(data: bytes) -> bytes:
    """Return a script whose first line a kernel understands: no space in it, and not too long.

    The way is that of pip: the shell starts the interpreter, and Python reads that as a text.
    """
    line, _, rest = data.partition(b"\n")
    program = line[2:].strip()
    if b"python" not in program or (b" " not in program and len(line) <= SHEBANG_LONGEST):
        return data
    start = b"#!/bin/sh\n'''exec' \"" + program + b'" "$0" "$@"\n\' \'\'\'\n'
    return start + rest


def _replaced(data: bytes, moved: Mapping[str, str]) -> bytes:
    """Return `data` with each old place replaced, where it stands as a whole path."""
    for old in sorted(moved, key=len, reverse=True):
        place, new = os.fsencode(old), os.fsencode(moved[old])
        at = data.find(place)
        while at >= 0:
            end = at + len(place)
            after = data[end : end + 1]
            if not (after.isalnum() or after in (b"_", b"-", b".")):
                data = data[:at] + new + data[end:]
                end = at + len(new)
            at = data.find(place, end)
    return data
