"""Reads what the C library wrote to a spool."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from anew.trace import records
from anew.trace.records import Told


def read(spool: Path) -> Told:
    """Return what the programs of the run told through the C library; nothing where it was not."""
    return records.read(_chunks(spool / "native"), _plain())


def _chunks(folder: Path) -> Iterator[bytes]:
    number = 0
    while True:
        try:
            data = (folder / str(number)).read_bytes()
        except OSError:
            return
        if len(data) >= records.CHUNK.size:
            yield data
        number += 1


def _plain() -> Callable[[str], str]:
    known: dict[str, str] = {}

    def plain(path: str) -> str:
        if "/." not in path and "//" not in path and not path.endswith("/"):
            return path
        if path not in known:
            known[path] = _without_dots(path)
        return known[path]

    return plain


def _without_dots(path: str) -> str:
    """Make a path plain; where `..` climbs out of a link, the link is followed."""
    found = os.path.normpath(path).replace("//", "/")
    if "/../" not in path and not path.endswith("/.."):
        return found
    try:
        return (
            found if os.path.samestat(os.lstat(path), os.lstat(found)) else os.path.realpath(path)
        )
    except (OSError, ValueError):
        return found
