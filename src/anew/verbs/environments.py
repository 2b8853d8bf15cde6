"""environments: what a run's environment was, how it stands here, and how two of them differ."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anew.facets.command import interpreter as interpreter_here
from anew.facets.environment import comparing, loose, python, rebuild
from anew.facets.environment.distributions import NOTES, canonical_name, scan
from anew.facets.environment.state import interpreter_of, site_folders
from anew.model.archive import ArchivedFile, Part
from anew.model.errors import NoEnvironment, WrongUsage
from anew.model.inputs import Interpreter, Library, LooseFile, Package
from anew.store.listings import read_listing
from anew.trace.places import inside
from anew.verbs.archives import archives, find_archive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anew.model.digest import Digest
    from anew.model.inputs import Environment
    from anew.model.record import Record
    from anew.verbs.workspace import Workspace

SAME, OTHER, GONE = "same", "other", "gone"


@dataclass(frozen=True, slots=True)
class Shown:
    """An environment: what was installed, what of it was imported, and how it stands here."""

    environment: Environment
    packages: tuple[Package, ...]
    loose: tuple[LooseFile, ...]
    libraries: tuple[Library, ...]
    here: str
    differing: tuple[str, ...]
    other_libraries: tuple[str, ...]
    archives: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One of two environments that are compared. `files` are those of its archive, by path."""

    name: str
    interpreter: Interpreter
    packages: Mapping[str, Package]
    loose: Mapping[str, Digest | None]
    libraries: Mapping[str, Digest | None]
    files: Mapping[str, Digest | None] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A thing that two environments do not share; `files` names which of its files differ."""

    aspect: str  # interpreter, package, file, library
    name: str
    left: str | None
    right: str | None
    files: tuple[str, ...] = ()


def show_environment(workspace: Workspace, record: Record) -> Shown:
    """Return what `record` says of its environment, and how that stands here.

    Raises:
        WrongUsage: no Python took part in the run.
    """
    environment = of_python(record)
    store = workspace.store
    cache = workspace.cache / "environments"
    here, differing = SAME, tuple[str, ...]()
    assert environment.interpreter is not None
    if rebuild.present(environment.interpreter, environment.digest, cache, os.environ) is None:
        try:
            differing = comparing.named_differences(environment, store, cache)
            here = OTHER
        except NoEnvironment as error:
            differing, here = (error.what,), GONE
    libraries = _libraries(workspace, environment)
    return Shown(
        environment,
        _packages(workspace, environment),
        _loose(workspace, environment),
        libraries,
        here,
        differing,
        tuple(each.path for each in comparing.of_libraries(libraries, store)),
        tuple(archives(workspace).get(environment.digest, ())),
    )


def of_python(record: Record) -> Environment:
    """Return the environment of a run.

    Raises:
        WrongUsage: no Python took part in it.
    """
    environment = record.recipe.environment
    if environment.interpreter is None or environment.packages is None:
        raise WrongUsage(
            f"the run {record.id[:6]} has no environment", why="no Python took part in it",
            hint="its programs are the system's own: see `anew show RUN`",
        )  # fmt: skip
    return environment


def recorded_side(workspace: Workspace, name: str, record: Record) -> Side:
    """Return the environment of a run as one side of a comparison."""
    environment = of_python(record)
    assert environment.interpreter is not None
    return Side(
        name,
        environment.interpreter,
        {canonical_name(each.name): each for each in _packages(workspace, environment)},
        {each.path: each.digest for each in _loose(workspace, environment)},
        {each.path: each.digest for each in _libraries(workspace, environment)},
        _files(workspace, environment),
    )


def side_here(workspace: Workspace, against: Side, directory: str, chosen: str | None) -> Side:
    """Return the environment that a bare script would have here, or that of `chosen`.

    Raises:
        NoEnvironment: there is no Python, or it cannot be run.
    """
    executable = chosen or interpreter_here(directory, os.environ)
    if executable is None:
        raise NoEnvironment(
            "there is no Python here to compare with", hint="name one with --python"
        )
    process = python.ask(os.path.join(directory, executable), os.environ)
    cache = workspace.cache / "environments"
    sites = site_folders(process)
    packages = {
        canonical_name(each.name): Package(
            each.name, each.version, each.fingerprint, each.origin, each.url
        )
        for each in scan(sites, cache)
    }
    return Side(
        executable,
        interpreter_of(process),
        packages,
        {each.path: each.digest for each in loose.look(sites, cache)},
        {path: _digest_here(workspace, path) for path in against.libraries},
    )


def differences(left: Side, right: Side) -> tuple[Change, ...]:
    """Return what two environments do not share."""
    found = [
        Change("interpreter", name, one, other)
        for name, one, other in (
            ("implementation", left.interpreter.implementation, right.interpreter.implementation),
            ("version", left.interpreter.version, right.interpreter.version),
            ("build", left.interpreter.build, right.interpreter.build),
            ("platform", left.interpreter.platform, right.interpreter.platform),
        )
        if one != other
    ]
    for name in sorted(left.packages.keys() | right.packages.keys()):
        one, other = left.packages.get(name), right.packages.get(name)
        if one is None or other is None or _differ(one, other):
            same_version = one is not None and other is not None and one.version == other.version
            files = _differing_files(left, right, one) if same_version and one is not None else ()
            shown = one or other
            assert shown is not None
            found.append(Change("package", shown.name, _said(one), _said(other), files))
    for aspect, mine, theirs in (
        ("file", left.loose, right.loose),
        ("library", left.libraries, right.libraries),
    ):
        for path in sorted(mine.keys() | theirs.keys()):
            if mine.get(path) != theirs.get(path):
                found.append(Change(aspect, path, mine.get(path), theirs.get(path)))
    return tuple(found)


def _differ(one: Package, other: Package) -> bool:
    return (one.version, one.fingerprint) != (other.version, other.fingerprint)


def _said(package: Package | None) -> str | None:
    if package is None:
        return None
    changed = " with changes by hand" if package.patched and package.origin == "index" else ""
    return f"{package.version}{changed} ({(package.fingerprint or 'b3:?')[:11]}…)"


def _differing_files(left: Side, right: Side, package: Package) -> tuple[str, ...]:
    """Return the files of a distribution that differ, where both environments are archived."""
    if left.files is None or right.files is None:
        return ()
    start = canonical_name(package.name).replace("-", "_").lower()
    paths = [
        path
        for path in sorted(left.files.keys() | right.files.keys())
        if left.files.get(path) != right.files.get(path) and not _is_note(path)
    ]
    own = [
        path for path in paths if path.lower().startswith((f"{start}/", f"{start}-", f"{start}."))
    ]
    return tuple(own or paths)


def _is_note(path: str) -> bool:
    """Say whether a file is an installer's own, or made from another."""
    folder, _, name = path.rpartition("/")
    return path.endswith(".pyc") or (folder.endswith(".dist-info") and name in NOTES)


def _files(workspace: Workspace, environment: Environment) -> dict[str, Digest | None] | None:
    """Return the archived files of distributions, by path in the folder they are installed in."""
    archive = find_archive(workspace, environment)
    if archive is None:
        return None
    found: dict[str, Digest | None] = {}
    for site in reversed(archive.sites):
        for tree in archive.trees:
            if tree.part in (Part.PREFIX, Part.SITE) and inside(site, tree.path):
                start = site[len(tree.path) :].strip("/")
                cut = len(start) + 1 if start else 0
                for each in read_listing(workspace.store, tree.files, ArchivedFile):
                    if not start or each.path.startswith(start + "/"):
                        found[each.path[cut:]] = each.digest
    return found


def _digest_here(workspace: Workspace, path: str) -> Digest | None:
    try:
        return workspace.store.fingerprint(path, None)
    except OSError:
        return None


def _packages(workspace: Workspace, environment: Environment) -> tuple[Package, ...]:
    listing = environment.packages
    return tuple(read_listing(workspace.store, listing, Package)) if listing is not None else ()


def _loose(workspace: Workspace, environment: Environment) -> tuple[LooseFile, ...]:
    listing = environment.loose
    return tuple(read_listing(workspace.store, listing, LooseFile)) if listing is not None else ()


def _libraries(workspace: Workspace, environment: Environment) -> tuple[Library, ...]:
    listing = environment.libraries
    return tuple(read_listing(workspace.store, listing, Library)) if listing is not None else ()
