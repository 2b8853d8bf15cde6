"""get: bring files of a run back, verified, over nothing that is there."""

from __future__ import annotations

import contextlib
import difflib
import fnmatch
import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from anew.model.errors import (
    AnewError,
    ChangedWhileRead,
    DamagedObject,
    FileExists,
    MissingObject,
    UnknownPath,
)
from anew.model.inputs import CodeFile, FileKind, Input
from anew.model.record import SHORT_ID, Output, Record
from anew.store.copying import copy
from anew.store.copying import opened as reading
from anew.store.listings import read_listing
from anew.trace.places import inside, whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from anew.model.digest import Digest
    from anew.store.local import LocalStore

OUTSIDE = "_outside"  # what lay outside the project, below its whole path
PRIVATE, EXECUTABLE, READABLE = 0o600, 0o755, 0o400
_GLOB = frozenset("*?[")
_NEAR = 3


class Part(StrEnum):
    """Which files of a run are asked for. Of a path that is in two, the later one counts."""

    CODE = "code"
    INPUTS = "inputs"
    OUTPUTS = "outputs"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file or link of a run, and where it goes."""

    part: Part
    path: str
    target: Path
    digest: Digest | None
    size: int
    link: str | None = None
    mode: int = 0o644
    modified: int = 0  # ns since 1970; 0 leaves it
    instead_of: Part | None = None  # the run changed a file that this part of the record holds


@dataclass(frozen=True, slots=True)
class Left:
    """A file that was not brought back, and why; `lost` says that its bytes are gone."""

    path: str
    digest: Digest | None
    why: str
    lost: bool = True


@dataclass(frozen=True, slots=True)
class Brought:
    """What was brought back, and what was not."""

    folder: Path
    files: tuple[Wanted, ...]
    left: tuple[Left, ...]


def get(
    store: LocalStore,
    record: Record,
    folder: Path,
    parts: Collection[Part],
    paths: Sequence[str],
) -> Brought:
    """Write files of a run below `folder`: those at or below `paths`, or matching; all by default.

    Raises:
        UnknownPath: the run has no such file.
        FileExists: something is in the way; nothing was written.
        MissingObject, DamagedObject: a list of the record cannot be read.
    """
    chosen = _chosen(record, _named(store, record, folder, parts), paths)
    _refuse_existing(chosen, folder)
    folder.mkdir(parents=True, exist_ok=True)
    root = Path(os.path.realpath(folder))
    done: list[Wanted] = []
    left: list[Left] = []
    # Links come last: no file is ever written through one that a record names.
    for wanted in sorted(chosen, key=lambda each: each.link is not None):
        if why := _refusal(wanted, folder, root):
            left.append(Left(wanted.path, wanted.digest, why, lost=False))
            continue
        why = _write(wanted, record.project, store)
        if why:
            left.append(Left(wanted.path, wanted.digest, why))
        else:
            done.append(wanted)
    return Brought(folder, tuple(sorted(done, key=lambda each: each.path)), tuple(left))


def _named(
    store: LocalStore, record: Record, folder: Path, parts: Collection[Part]
) -> dict[str, Wanted]:
    """Return the files and links of a run by path."""
    found: dict[str, Wanted] = {}
    files: Iterator[CodeFile | Input | Output]
    listings = (
        (Part.CODE, record.recipe.code.files, CodeFile),
        (Part.INPUTS, record.recipe.inputs, Input),
        (Part.OUTPUTS, record.outcome.outputs, Output),
    )
    for part, listing, kind in listings:
        if part not in parts:
            continue
        files = read_listing(store, listing, kind)
        for file in files:
            if file.kind in (FileKind.FILE, FileKind.LINK):
                wanted, before = _wanted(part, file, folder), found.get(file.path)
                if before is not None and before.digest != wanted.digest:
                    wanted = replace(wanted, instead_of=before.part)
                found[file.path] = wanted
    return found


def _wanted(part: Part, file: CodeFile | Input | Output, folder: Path) -> Wanted:
    outside = os.path.join(OUTSIDE, file.path.lstrip("/"))
    target = folder / (outside if file.path.startswith("/") else file.path)
    mode, modified = 0o644, 0
    match file:
        case Input():
            mode, modified = file.mode & 0o777 | READABLE, file.modified_ns
        case CodeFile() | Output():
            mode = EXECUTABLE if file.executable else mode
    link = file.target if file.kind is FileKind.LINK else None
    return Wanted(part, file.path, target, file.digest, file.size, link, mode, modified)


def _chosen(record: Record, named: dict[str, Wanted], paths: Sequence[str]) -> list[Wanted]:
    if not paths:
        return list(named.values())
    chosen: dict[str, Wanted] = {}
    for asked in paths:
        path = os.path.normpath(asked)
        if inside(path, record.project):
            path = os.path.relpath(path, record.project)
        fitting = [each for each in named if path == "." or inside(each, path)]
        if not fitting and _GLOB.intersection(asked):
            fitting = [each for each in named if fnmatch.fnmatchcase(each, path)]
        if not fitting:
            raise _unknown(record, asked, path, named)
        chosen.update((each, named[each]) for each in fitting)
    return list(chosen.values())


def _unknown(record: Record, asked: str, path: str, named: Iterable[str]) -> UnknownPath:
    paths = list(named)
    tails = [each for each in paths if os.path.basename(each) == os.path.basename(path)]
    near = (tails or difflib.get_close_matches(path, paths))[:_NEAR]
    meant = " or ".join(f"`{each}`" for each in near)
    run = record.id[:SHORT_ID]
    return UnknownPath(
        f"the run {run} has no file {asked!r}",
        why=f"it is none of the {len(paths):,} files asked for",
        hint=f"did you mean {meant}?" if near else f"see `anew show {run} --inputs --outputs`",
    )


def _refuse_existing(chosen: Iterable[Wanted], folder: Path) -> None:
    there = sorted(each.path for each in chosen if os.path.lexists(each.target))
    if there:
        more = f" and {len(there) - 1:,} more" if len(there) > 1 else ""
        raise FileExists(
            f"{there[0]!r}{more} would be written over in {folder}",
            why="nothing that is there is ever replaced",
            hint="name another folder with -o",
        )


def _refusal(wanted: Wanted, folder: Path, root: Path) -> str:
    """Say why a file of that name is not written at all: it would leave the folder."""
    parent = Path(os.path.realpath(wanted.target.parent))
    if ".." in Path(wanted.path).parts or not inside(str(parent), str(root)):
        return f"it leads out of {folder}"
    if wanted.link is not None:
        leads = os.path.normpath(os.path.join(parent, wanted.link))
        if wanted.link.startswith("/") or not inside(leads, str(root)):
            return f"the link leads out of {folder}, to {wanted.link}"
    return ""


def _write(wanted: Wanted, project: str, store: LocalStore) -> str:
    """Write one file; return why it could not be had, empty where it was."""
    target = wanted.target
    target.parent.mkdir(parents=True, exist_ok=True)
    if wanted.link is not None:
        target.symlink_to(wanted.link)
        return ""
    if wanted.digest is None:
        return "its bytes were never held"
    try:
        try:
            store.restore(wanted.digest, target)
        except MissingObject:
            _from_its_place(wanted.digest, whole(wanted.path, project), target)
    except FileNotFoundError:
        return "it was held by reference, and nothing lies at its place any more"
    except (DamagedObject, ChangedWhileRead) as error:
        return error.what
    except AnewError as error:
        return str(error)
    target.chmod(wanted.mode)
    if wanted.modified:
        with contextlib.suppress(OSError, OverflowError):
            os.utime(target, ns=(wanted.modified, wanted.modified))
    return ""


def _from_its_place(digest: Digest, path: str, target: Path) -> None:
    """Copy a referenced file from where it lies, checked.

    Raises:
        FileNotFoundError: nothing lies there.
        ChangedWhileRead: other bytes lie there.
    """
    with reading(path, None) as source:
        sink = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
        try:
            if copy(source, sink) != digest:
                raise ChangedWhileRead(f"it was held by reference, and other bytes lie at {path}")
            source.check()
        except BaseException:
            target.unlink()
            raise
        finally:
            os.close(sink)
