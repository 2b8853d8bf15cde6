"""environment_diff: what two environments do not share, down to the files of a distribution."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anew.facets.command import interpreter as interpreter_here
from anew.facets.environment import loose, python
from anew.facets.environment.distributions import NOTES, canonical_name
from anew.facets.environment.inventory import scan
from anew.facets.environment.state import interpreter_of, site_folders
from anew.model.errors import NoEnvironment
from anew.model.inputs import Interpreter, Package
from anew.verbs.environments import libraries_of, loose_of, of_python, packages_of
from anew.verbs.installed import Installed, files_in, installed_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anew.model.digest import Digest
    from anew.model.record import Record
    from anew.verbs.workspace import Workspace

RECORDED, FOUND, NAMED = "recorded", "found", "named"  # why an environment here is compared with
FROM_ELSEWHERE = ("editable", "local")  # all files of such packages count as changed by hand


@dataclass(frozen=True, slots=True)
class Side:
    """One of two environments that are compared.

    `installed` reads its files, where they are archived or here; `touched` are those files of each
    distribution that are not as published, or are gone, as far as is known without them.
    """

    name: str
    interpreter: Interpreter
    packages: Mapping[str, Package]
    loose: Mapping[str, Digest | None]
    libraries: Mapping[str, Digest | None]
    installed: Installed | None = None
    touched: Mapping[str, Mapping[str, Digest | None]] = field(default_factory=dict)
    here: str = ""  # of an environment here: why it is this one


@dataclass(frozen=True, slots=True)
class Change:
    """A thing that two environments do not share; `files` names which of its files differ."""

    aspect: str  # interpreter, package, file, library
    name: str
    left: str | None
    right: str | None
    files: tuple[str, ...] = ()


def recorded_side(workspace: Workspace, name: str, record: Record) -> Side:
    """Return the environment of a run as one side of a comparison."""
    environment = of_python(record)
    assert environment.interpreter is not None
    packages = {canonical_name(each.name): each for each in packages_of(workspace, environment)}
    return Side(
        name,
        environment.interpreter,
        packages,
        {each.path: each.digest for each in loose_of(workspace, environment)},
        {each.path: each.digest for each in libraries_of(workspace, environment)},
        installed_files(workspace, record),
        {name: {file.path: file.digest for file in each.patched}
         for name, each in packages.items() if each.origin not in FROM_ELSEWHERE},
    )  # fmt: skip


def side_here(workspace: Workspace, against: Side, directory: str, chosen: str | None) -> Side:
    """Return the environment of `chosen`, or the one that a replay of the run would look at first.

    That is the one in whose place the recorded interpreter lies. Where it is gone it is the one
    that a bare script would have.

    Raises:
        NoEnvironment: there is no Python, or it cannot be run.
    """
    why, executable = _interpreter(against, directory, chosen)
    process = python.ask(os.path.join(directory, executable), os.environ)
    cache = workspace.cache / "environments"
    sites = site_folders(process)
    found = scan(sites, cache)
    packages = {
        canonical_name(each.name): Package(
            each.name, each.version, each.fingerprint, each.origin, each.url
        )
        for each in found
    }
    installed = files_in(workspace, sites)
    return Side(
        executable,
        interpreter_of(process),
        packages,
        {each.path: each.digest for each in loose.look(sites, cache)},
        {path: installed.digest(path) for path in against.libraries},
        installed,
        {canonical_name(each.name): {path: installed.digest(f"{each.folder}/{path}")
                                     for path in (*each.changed, *each.missing)}
         for each in found},
        why,
    )  # fmt: skip


def _interpreter(against: Side, directory: str, chosen: str | None) -> tuple[str, str]:
    """Return why an interpreter is the one here that is compared with, and its path."""
    recorded = against.interpreter.executable
    if chosen is not None:
        return NAMED, chosen
    if os.path.isfile(recorded) and os.access(recorded, os.X_OK):
        return RECORDED, recorded
    found = interpreter_here(directory, os.environ)
    if found is None:
        raise NoEnvironment(
            "there is no Python here to compare with",
            why=f"the recorded interpreter {recorded} is gone", hint="name one with --python",
        )  # fmt: skip
    return FOUND, found


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
    """Return the files of a distribution that differ, as far as they can be known."""
    name = canonical_name(package.name)
    one, other = _files(left, name), _files(right, name)
    if one is None or other is None:
        one, other = left.touched.get(name, {}), right.touched.get(name, {})
    return tuple(
        path for path in sorted(one.keys() | other.keys())
        if (path not in one or path not in other or one[path] != other[path])
        and not _is_note(path)
    )  # fmt: skip


def _files(side: Side, name: str) -> Mapping[str, Digest | None] | None:
    """Return the digests of the files of a distribution; None where they are not known."""
    if side.installed is None:
        return None
    return side.installed.files_of(name)


def _is_note(path: str) -> bool:
    """Say whether a file is an installer's own, or made from another."""
    folder, _, name = path.rpartition("/")
    return path.endswith(".pyc") or (folder.endswith(".dist-info") and name in NOTES)
