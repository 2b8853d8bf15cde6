"""rebuild: a virtual environment to work in, at a folder of one's own, from that of a run."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from anew.facets.environment import comparing, layout, python, rebuild
from anew.facets.environment.inventory import scan
from anew.facets.environment.relocating import relocate
from anew.facets.environment.state import digest_of_sites, site_folders
from anew.facets.environment.trees import entries, tops
from anew.model.archive import ARCHIVE_SCHEMA, Archive, Part, Tree
from anew.model.digest import Digest
from anew.model.errors import FileExists, NoEnvironment
from anew.model.inputs import Package
from anew.model.tree import Listing
from anew.store.copying import copy, opened
from anew.store.listings import read_listing
from anew.verbs.archives import find_archive
from anew.verbs.environments import of_python
from anew.verbs.homes import base_here, is_whole, stand_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anew.facets.environment.layout import Placed
    from anew.facets.spool import Process
    from anew.model.record import Record
    from anew.verbs.workspace import Workspace

PYTHON = "_python"  # where an archived interpreter lies in the new environment
SOURCES = "src"  # where editable distributions lie in it
NOWHERE = Listing(Digest(""), 0)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A virtual environment that is there now. `way` is archive, copy or lock."""

    place: str
    executable: str
    way: str
    exact: bool
    notes: tuple[str, ...] = ()


def rebuild_at(workspace: Workspace, record: Record, place: Path, *, offline: bool) -> Rebuilt:
    """Make the environment of `record` at `place`: from its archive, else as it lies here, else uv.

    Raises:
        FileExists: something lies at `place`.
        NoEnvironment: none of the ways leads anywhere.
    """
    recorded = of_python(record)
    assert recorded.interpreter is not None
    assert recorded.packages is not None
    if os.path.lexists(place) and not (place.is_dir() and not any(place.iterdir())):
        raise FileExists(
            f"{place} is there already", why="nothing that is there is ever replaced",
            hint="name a new folder with -o",
        )  # fmt: skip
    cache = workspace.cache / "environments"
    archive = find_archive(workspace, recorded)
    if archive is not None:
        return _staged(workspace, record, place, archive, None)
    process = rebuild.present(recorded.interpreter, recorded.digest, cache, os.environ)
    if process is not None:
        return _staged(workspace, record, place, _as_it_lies(record, process, cache), process)
    packages = tuple(read_listing(workspace.store, recorded.packages, Package))
    built = rebuild.rebuild(
        recorded.interpreter, packages, place, workspace.store, cache, offline=offline
    )
    return Rebuilt(str(place), str(place / "bin" / "python"), "lock", built.exact, built.notes)


def _as_it_lies(record: Record, process: Process, cache: Path) -> Archive:
    """Return what an archive of the present environment would name, without its files."""
    recorded = record.recipe.environment
    assert recorded.interpreter is not None
    sites = site_folders(process)
    found = tops(process, record.project, scan(sites, cache), interpreter=False)
    trees = tuple(Tree(top.part, top.path, NOWHERE, top.name) for top in found)
    return Archive(ARCHIVE_SCHEMA, recorded.digest, recorded.interpreter, sites, trees)


def _staged(
    workspace: Workspace, record: Record, place: Path, archive: Archive, process: Process | None
) -> Rebuilt:
    """Lay all files out beside `place`, prove them, then move them to where they are to be."""
    recorded = record.recipe.environment
    interpreter = recorded.interpreter
    assert interpreter is not None
    notes: list[str] = []
    moved: dict[str, str] = {}
    parts = [Part.PREFIX, Part.SITE, Part.SOURCE]
    if not is_whole(archive) and base_here(interpreter) != interpreter.build:
        if any(tree.part is Part.INTERPRETER for tree in archive.trees):
            parts.append(Part.INTERPRETER)
        else:
            moved[interpreter.base_prefix], note = stand_in(interpreter)
            notes.append(note)
    staging = place.with_name(f"{place.name}.{os.getpid()}.part")
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, staging, ignore_errors=True)
        placed = (
            layout.lay_out(archive, parts, staging, workspace.store, link=False)
            if process is None
            else _copied(record, archive, process, staging, workspace)
        )
        differing = _not_as_recorded(workspace, record, archive, placed)
        base = moved.get(interpreter.base_prefix, interpreter.base_prefix)
        _settle(archive, placed, place, base)
    relocate(archive, placed, lying={**moved, **placed.places})
    executable = _executable(place, interpreter.version)
    here = python.ask(executable, os.environ)
    if here.build != interpreter.build and not moved:
        notes.append(f"another build of Python {here.version}: {here.build}")
    way = "archive" if process is None else "copy"
    return Rebuilt(str(place), executable, way, not (differing or notes), (*differing, *notes))


def _not_as_recorded(
    workspace: Workspace, record: Record, archive: Archive, placed: Placed
) -> tuple[str, ...]:
    recorded = record.recipe.environment
    assert recorded.interpreter is not None
    cache = workspace.cache / "environments"
    sites = layout.sites_of(archive, placed)
    made_for = archive.interpreter.prefix
    interpreter = replace(recorded.interpreter, prefix=made_for)
    if digest_of_sites(interpreter, sites, cache) == recorded.digest:
        return ()
    found = comparing.of_packages(recorded, sites, workspace.store, cache, made_for)
    return found or ("the environment has another digest",)


def _copied(
    record: Record, archive: Archive, process: Process, staging: Path, workspace: Workspace
) -> Placed:
    """Copy the files that lie here, sharing their blocks where the file system can."""
    cache = workspace.cache / "environments"
    found = tops(process, record.project, scan(site_folders(process), cache), interpreter=False)
    placed = layout.Placed()
    for number, top in enumerate(found):
        target = staging / str(number)
        target.mkdir(parents=True)
        placed.places[archive.trees[number].path] = str(target)
        for each in entries(top, []):
            path = target / each.path
            path.parent.mkdir(parents=True, exist_ok=True)
            if each.target is not None:
                path.symlink_to(each.target)
            elif each.is_folder:
                path.mkdir(exist_ok=True)
            else:
                _copy(f"{top.path}/{each.path}", path)
                placed.files += 1
    return placed


def _copy(source: str, target: Path) -> None:
    with opened(source, None) as file, target.open("xb", buffering=0) as sink:
        copy(file, sink.fileno())
        file.check()
        os.fchmod(sink.fileno(), stat.S_IMODE(file.stamp.mode))
        os.utime(sink.fileno(), ns=(file.stamp.modified, file.stamp.modified))


def _settle(archive: Archive, placed: Placed, place: Path, base: str) -> None:
    """Move the trees to their places in the new environment."""
    whole = [tree for tree in archive.trees if tree.part is Part.PREFIX]
    if place.is_dir():
        place.rmdir()
    place.parent.mkdir(parents=True, exist_ok=True)
    if whole:
        shutil.move(placed.places[whole[0].path], place)
        placed.places[whole[0].path] = str(place)
    for tree in archive.trees:
        if tree.path not in placed.places or tree in whole:
            continue
        if tree.part is Part.INTERPRETER:
            _move(placed, tree, place / PYTHON)
        elif tree.part is Part.SOURCE:
            _move(placed, tree, place / SOURCES / (tree.name or "source"))
    if not whole:
        _from_sites(archive, placed, place, base)


def _move(placed: Placed, tree: Tree, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(placed.places[tree.path], target)
    placed.places[tree.path] = str(target)


def _from_sites(archive: Archive, placed: Placed, place: Path, base: str) -> None:
    """Make a virtual environment and put into it what was installed beside the interpreter."""
    minor = ".".join(archive.interpreter.version.split(".")[:2])
    own = placed.places.get(archive.interpreter.base_prefix)
    program = f"{own or base}/bin/python{minor}"
    done = subprocess.run(
        [program, "-m", "venv", "--without-pip", "--symlinks", str(place)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise NoEnvironment(
            f"no virtual environment can be made by {program}", why=done.stderr.strip()[-300:],
            hint="install its `venv` module",
        )  # fmt: skip
    site = str(place / "lib" / f"python{minor}" / "site-packages")
    for tree in (each for each in reversed(archive.trees) if each.part is Part.SITE):
        shutil.copytree(placed.places[tree.path], site, symlinks=True, dirs_exist_ok=True)
        placed.places[tree.path] = site


def _executable(place: Path, version: str) -> str:
    minor = ".".join(version.split(".")[:2])
    for name in ("python", f"python{minor}", "python3"):
        if os.access(place / "bin" / name, os.X_OK):
            return str(place / "bin" / name)
    raise NoEnvironment(
        f"{place} has no interpreter that runs", why="the one it needs is gone",
        hint=f"install Python {version}",
    )  # fmt: skip


def activation(found: Rebuilt) -> Sequence[str]:
    """Return the words with which a shell uses the environment."""
    script = Path(found.place) / "bin" / "activate"
    return (f". {script}",) if script.exists() else (found.executable,)
