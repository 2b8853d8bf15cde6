"""Conda prefixes: what conda itself wrote down about the packages it installed there."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, field

from anew.model.errors import CannotRestore

META = "conda-meta"


class CondaFile(Struct):
    """A file of a package; with `prefix_placeholder` it names the prefix it is installed in."""

    path: str = field(name="_path", default="")
    prefix_placeholder: str | None = None
    file_mode: str | None = None
    sha256: str | None = None
    sha256_in_prefix: str | None = None


class _Paths(Struct):
    paths: list[CondaFile] = field(default_factory=list)


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

    def all_paths(self) -> set[str]:
        """Return its files, by their paths below the prefix."""
        return {each.path for each in self.paths_data.paths} or set(self.files)

    def checksum(self) -> str:
        """Return what an explicit list says of the package's own digest."""
        return f"sha256:{self.sha256}" if self.sha256 else self.md5 or ""


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


def relocate(place: Path, old: str, new: str) -> Iterator[Path]:
    """Put the prefix `new` where files of conda packages at `place` name `old`; yield those.

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
            yield path


def neutral(data: bytes, prefix: bytes, placeholder: bytes) -> bytes:
    """Return a binary as it was before `prefix` was written over a longer `placeholder`.

    >>> neutral(b"a /p/lib" + bytes(4) + b"b", b"/p", b"/long") == b"a /long/lib" + bytes(1) + b"b"
    True
    """
    pieces = data.split(prefix)
    result = [pieces[0]]
    more = len(placeholder) - len(prefix)
    owed = 0  # zero bytes that were put after the text that a piece belongs to
    for number, piece in enumerate(pieces[1:], 1):
        end = piece.find(b"\0")
        owed += more
        if end < 0 and number < len(pieces) - 1:  # the text goes on with the prefix once more
            result.append(placeholder + piece)
            continue
        filled = piece[end : end + owed] if end >= 0 else b""
        if more < 0 or filled.strip(b"\0") or len(filled) < owed:
            return data  # not made this way
        result.append(placeholder + piece[:end] + piece[end + owed :])
        owed = 0
    return b"".join(result)


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
