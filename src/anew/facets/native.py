"""Reads what the C library wrote to a spool."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from anew.model.record import Gap
from anew.trace import records
from anew.trace.chunks import CHUNK
from anew.trace.places import inside
from anew.trace.records import Told


def read(spool: Path) -> Told:
    """Return what the programs of the run told through the C library; nothing where it was not."""
    passed: dict[str, str] = {}
    told = records.read(_chunks(spool / "native"), _plain(passed))
    if passed:
        there = {*(event.path for event in told.events), *(each.cwd for each in told.programs.ran)}
        told.gaps += [
            Gap("inputs", f"{path} was reached by way of {folder}, which a replay may not have",
                "leave the detour out of the path")
            for folder, path in passed.items()
            if not any(inside(each, folder) for each in there)
        ]  # fmt: skip
    return told


def _chunks(folder: Path) -> Iterator[bytes]:
    number = 0
    while True:
        try:
            data = (folder / str(number)).read_bytes()
        except OSError:
            return
        if len(data) >= CHUNK.size:
            yield data
        number += 1


def _plain(passed: dict[str, str]) -> Callable[[str], str]:
    """Return what makes paths plain; `passed` takes the folders that `..` leaves."""
    known: dict[str, str] = {}

    def plain(path: str) -> str:
        if "/." not in path and "//" not in path and not path.endswith("/"):
            return path
        if path not in known:
            known[path] = _without_dots(path)
            for at in _climbs(path):
                folder = _without_dots(path[:at])
                if os.path.isdir(folder) and not inside(known[path], folder):
                    passed[folder] = known[path]
        return known[path]

    return plain


def _climbs(path: str) -> Iterator[int]:
    at = path.find("/..")
    while at >= 0:
        if path[at + 3 : at + 4] in ("", "/"):
            yield at
        at = path.find("/..", at + 3)


def _without_dots(path: str) -> str:
    """Make a path plain; where `..` climbs out of a link, the link is followed."""
    if "/.." not in path:
        return os.path.normpath(path).replace("//", "/")
    place = ""
    for part in path.split("/"):
        if part == "..":
            with contextlib.suppress(OSError, ValueError):
                place = os.path.realpath(place) if os.path.islink(place) else place
            place = place.rpartition("/")[0]
        elif part not in ("", "."):
            place += "/" + part
    return place or "/"
