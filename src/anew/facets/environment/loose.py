"""Loose files: those in a folder of distributions that belong to none of them."""

import csv
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct, field

from anew.facets.environment.distributions import METADATA_FOLDERS, UNWATCHED
from anew.facets.remembered import recall, remember
from anew.facets.states import CHANGED, INODE, STATE, blob, states_of
from anew.model.canonical import digest_of
from anew.model.digest import Digest, digest_bytes
from anew.store.copying import fingerprint, opened

SETTLED = 2_000_000_000  # ns; a folder that changed later may change again under the same stamp
COMPILED = ("__pycache__",)
State = tuple[int, int, int, int]


class Loose(Struct, frozen=True, array_like=True):
    """A loose file of the folder `site`, counted in the order of the search path."""

    path: str
    digest: Digest
    size: int
    state: State
    site: int = 0


class _Look(Struct):
    """What a former look found, true as long as no folder and no found file has changed.

    A file that appears or goes changes its folder's times, and a RECORD that is written anew
    changes those of the folder it is in, or its own: `folders` has it too.
    """

    folders: tuple[str, ...] = ()
    states: Digest | None = None
    found: tuple[Loose, ...] = field(default_factory=tuple)


def look(sites: Sequence[str], cache: Path) -> tuple[Loose, ...]:
    """Return the loose files in `sites`; `cache`, a folder, remembers the last look.

    Byte-compiled files and kinds that run nowhere (headers, texts) are passed over.
    """
    found: list[Loose] = []
    for number, site in enumerate(sites):
        found += (msgspec.structs.replace(each, site=number) for each in _in_site(site, cache))
    return tuple(found)


def _in_site(site: str, cache: Path) -> tuple[Loose, ...]:
    place = cache / f"{digest_of(site)[3:19]}-loose.msgpack"
    known = recall(place, _Look) or _Look()
    if known.states is not None and _states(site, known.folders, known.found)[0] == known.states:
        return known.found
    folders, found = _walk(site, known.found)
    states, newest = _states(site, folders, found)
    settled = time.time_ns() - newest > SETTLED
    remember(place, _Look(folders, states if settled else None, found))
    return found


def _walk(site: str, known: Sequence[Loose]) -> tuple[tuple[str, ...], tuple[Loose, ...]]:
    owned = frozenset(_owned(site))
    before = {(each.path, each.state): each for each in known}
    folders: list[str] = []
    found: list[Loose] = []
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(f"{site}/{folder}") as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError:
            continue
        folders.append(folder)
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name in COMPILED or (not folder and path.endswith(METADATA_FOLDERS)):
                if entry.is_dir() and path.endswith(METADATA_FOLDERS):
                    folders.append(path)
                    if os.path.exists(f"{site}/{path}/RECORD"):
                        folders.append(f"{path}/RECORD")
                continue
            if entry.is_dir(follow_symlinks=False):
                pending.append(path)
            elif path not in owned and not path.endswith((".pyc", ".pyo", *UNWATCHED)):
                one = _loose(site, path, before)
                found += [one] if one is not None else []
    return tuple(sorted(folders)), tuple(sorted(found, key=lambda each: each.path))


def _loose(site: str, path: str, before: dict[tuple[str, State], Loose]) -> Loose | None:
    try:
        status = os.stat(f"{site}/{path}")
        state = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        known = before.get((path, state))
        if known is not None:
            return known
        with opened(f"{site}/{path}", None) as source:
            return Loose(path, fingerprint(source), status.st_size, state)
    except OSError:
        return None


def _owned(site: str) -> Iterator[str]:
    """Yield the files that the RECORDs of a folder name."""
    try:
        names = [name for name in os.listdir(site) if name.endswith(".dist-info")]
    except OSError:
        return
    for name in names:
        try:
            with open(f"{site}/{name}/RECORD", encoding="utf-8", errors="surrogateescape",
                      newline="") as stream:  # fmt: skip
                yield from (row[0] for row in csv.reader(stream) if row)
        except OSError:
            continue


def _states(site: str, folders: Sequence[str], found: Sequence[Loose]) -> tuple[Digest | None, int]:
    """Return one digest of the states of all folders and found files, and the latest change."""
    names = blob((*(path or "." for path in folders), *(each.path for each in found)))
    states = states_of(site, names)
    if states is None or 0 in states[INODE :: len(STATE)]:
        return None, 0
    changed = states[CHANGED : len(STATE) * len(folders) : len(STATE)]
    return digest_bytes(states.tobytes()), max(changed, default=0)
