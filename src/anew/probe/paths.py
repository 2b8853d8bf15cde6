"""What a path given to the system means: absolute, plain, and the state of what lies there."""

from __future__ import annotations

import posix

from .journal import is_ours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import stat_result

REGULAR, FOLDER, LINK, KIND = 0o100000, 0o040000, 0o120000, 0o170000


def text(path: object) -> str | None:
    """Return a path as text; None for descriptors and what is no path."""
    if isinstance(path, str):
        return path
    if isinstance(path, (bytes, bytearray)):
        return bytes(path).decode("utf-8", "surrogateescape")
    if hasattr(path, "__fspath__"):
        return text(path.__fspath__())
    return None


def absolute(path: str) -> str:
    """Make a path absolute and plain; a symbolic link is resolved only where `..` follows one."""
    if path[:1] != "/":
        path = posix.getcwd() + "/" + path
    if "/." not in path and "//" not in path and path[-1] != "/":
        return path
    parts: list[str] = []
    climbs = False
    for part in path.split("/"):
        if part == "..":
            climbs = True
            if parts:
                parts.pop()
        elif part and part != ".":
            parts.append(part)
    plain = "/" + "/".join(parts)
    return _climbed(path, plain) if climbs else plain


def _climbed(path: str, plain: str) -> str:
    from posixpath import realpath

    here, there = status(path), status(plain)
    if here is None or (there is not None and here.st_ino == there.st_ino):
        return plain
    return realpath(path)


def at(path: object, folder: object) -> str | None:
    """Return the absolute path of a name, relative to the folder an open descriptor stands for."""
    name = text(path)
    if name is None and isinstance(path, int):
        return target(path)
    if not name:
        return None
    if name[0] != "/" and isinstance(folder, int) and folder >= 0:
        name = f"{target(folder)}/{name}"
    return absolute(name)


def target(descriptor: int) -> str | None:
    """Return what lies behind an open descriptor, if that has a path."""
    try:
        path = posix.readlink(f"/proc/self/fd/{descriptor}")
    except OSError as error:
        if not is_ours(error):
            raise
        return None
    return path if path[:1] == "/" else None


def status(path: str, *, follow: bool = True) -> stat_result | None:
    """Return what stat says, None where nothing is there. Raises no audit event."""
    try:
        return posix.stat(path) if follow else posix.lstat(path)
    except (OSError, ValueError) as error:
        if not is_ours(error):
            raise
        return None


def stamp(state: stat_result | None) -> str:
    """Return the stamp of a state as JSON text."""
    if state is None:
        return "null"
    return (
        f"[{state.st_dev},{state.st_ino},{state.st_size},"
        f"{state.st_mode},{state.st_mtime_ns},{state.st_ctime_ns}]"
    )
