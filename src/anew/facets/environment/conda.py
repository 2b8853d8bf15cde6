"""Conda prefixes: what conda itself wrote down about the packages it installed there."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, field

from anew.model.errors import CannotRestore

META = "conda-meta"


class _Path(Struct):
    """A file of a package; with `prefix_placeholder` it names the prefix it is installed in."""

    path: str = field(name="_path", default="")
    prefix_placeholder: str | None = None
    file_mode: str | None = None
    sha256: str | None = None
    sha256_in_prefix: str | None = None


class _Paths(Struct):
    paths: list[_Path] = field(default_factory=list)


class CondaPackage(Struct):
    """What `conda-meta/NAME.json` says of a package."""

    name: str
    version: str
    build: str = ""
    channel: str = ""
    subdir: str = ""
    fn: str = ""
    url: str = ""
    md5: str | None = None
    sha256: str | None = None
    license: str | None = None
    paths_data: _Paths = field(default_factory=_Paths)
    files: list[str] = field(default_factory=list)


def installed(prefix: str) -> Iterator[CondaPackage]:
    """Yield the packages of a conda prefix, by the names of their files."""
    try:
        names = sorted(os.listdir(f"{prefix}/{META}"))
    except OSError:
        return
    for name in names:
        if name.endswith(".json"):
            try:
                data = Path(prefix, META, name).read_bytes()
                yield msgspec.json.decode(data, type=CondaPackage)
            except (OSError, msgspec.DecodeError):
                continue


def relocate(place: Path, old: str, new: str) -> None:
    """Put the prefix `new` where files of conda packages at `place` name `old`.

    In binaries the name is filled up with zero bytes, as conda does it.

    Raises:
        CannotRestore: `new` is longer than a binary has room for.
    """
    one, other = os.fsencode(old), os.fsencode(new)
    for package in installed(str(place)):
        for each in package.paths_data.paths:
            path = place / each.path
            if each.prefix_placeholder is None or path.is_symlink() or not path.is_file():
                continue
            data = path.read_bytes()
            if one not in data:
                continue
            if each.file_mode == "binary":
                changed = _binary(data, one, other, each.path)
            else:
                changed = data.replace(one, other)
            mode = stat.S_IMODE(path.stat().st_mode)
            path.unlink()
            path.write_bytes(changed)
            path.chmod(mode)


def _binary(data: bytes, old: bytes, new: bytes, name: str) -> bytes:
    if len(new) > len(old):
        raise CannotRestore(
            f"{name} cannot be made to run at {os.fsdecode(new)}",
            why=f"it has room for {len(old)} bytes of the path, and that has {len(new)}",
            hint="name a folder with a shorter path",
        )
    pieces = data.split(old)
    result = [pieces[0]]
    for piece in pieces[1:]:
        end = piece.find(b"\0")
        end = len(piece) if end < 0 else end
        result.append(new + piece[:end] + bytes(len(old) - len(new)) + piece[end:])
    return b"".join(result)
