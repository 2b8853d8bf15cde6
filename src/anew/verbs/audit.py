"""audit: what is wrong, risky or old about the environment of a run, each with its ground."""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from dataclasses import dataclass
from email import message_from_string
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.pylock import Pylock
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import parse_tag
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from anew.facets.environment import indexes, rebuild
from anew.facets.environment.advisories import read_advisories
from anew.facets.environment.conda_packages import ORIGIN
from anew.model.errors import AnewError, NoEnvironment, WrongUsage
from anew.model.inputs import CodeFile, Package
from anew.store.listings import read_listing
from anew.verbs.environments import of_python
from anew.verbs.installed import installed_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from email.message import Message

    from anew.facets.environment.advisories import Advisory
    from anew.model.inputs import Interpreter
    from anew.model.record import Record
    from anew.verbs.installed import Installed
    from anew.verbs.workspace import Workspace

INACTIVE = "Development Status :: 7 - Inactive"
YANKED = re.compile(r"` is yanked(?: \(reason: \"(?P<why>.*)\"\))?")  # as uv says it


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked beside what the record answers. `online` allows to ask the index."""

    advisories: str | None = None
    python: str | None = None
    platform: str | None = None
    online: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one distribution."""

    kind: str
    package: str
    version: str
    text: str


@dataclass(frozen=True, slots=True)
class Audited:
    """What was found, the licences by distribution, and what could not be looked at, and why."""

    findings: tuple[Finding, ...]
    licences: dict[str, str]
    unasked: tuple[str, ...]


def audit(workspace: Workspace, record: Record, questions: Questions) -> Audited:
    """Look at each distribution of the environment of `record`.

    Raises:
        WrongUsage: a version of Python cannot be understood.
        BadConfiguration: the advisories cannot be read.
        NoEnvironment: the index was to be asked, and uv is not there or found nothing.
    """
    environment = of_python(record)
    assert environment.interpreter is not None
    assert environment.packages is not None
    packages = tuple(read_listing(workspace.store, environment.packages, Package))
    unasked: list[str] = []
    found: list[Finding] = [*_of_record(packages), *_unpinned(workspace, record, packages)]
    files = installed_files(workspace, record)
    licences: dict[str, str] = {}
    if files is None:
        unasked.append("licences, deprecations and what fits another Python or platform: the "
                       "environment is neither archived nor here as recorded")  # fmt: skip
    else:
        for package in (each for each in packages if each.origin != ORIGIN):
            metadata = message_from_string(files.text(package.name, "METADATA"))
            licences[package.name] = _licence(metadata)
            found += _of_metadata(package, metadata, files, questions)
    if questions.advisories is None:
        unasked.append("vulnerabilities: name a file or folder with --advisories")
    else:
        advisories = read_advisories(Path(questions.advisories))
        found += (each for package in packages for each in _vulnerable(package, advisories))
    if questions.online:
        found += _from_index(environment.interpreter, packages)
    else:
        unasked.append("yanked versions, and how far behind the newest: the index is asked "
                       "only with --online")  # fmt: skip
    found.sort(key=lambda each: (each.kind, canonicalize_name(each.package)))
    return Audited(tuple(found), licences, tuple(unasked))


def _finding(kind: str, package: Package, text: str) -> Finding:
    return Finding(kind, package.name, package.version, text)


def _of_record(packages: Sequence[Package]) -> Iterator[Finding]:
    for package in packages:
        if not package.used and package.origin != ORIGIN:
            yield _finding("unused", package, "installed, and not imported by the run")
        if package.origin in ("editable", "local", "vcs", "archive"):
            yield _finding("not from an index", package, f"{package.origin}: {package.url or '?'}")
        if package.patched and package.origin not in ("editable", "local"):
            names = ", ".join(file.path for file in package.patched[:5])
            yield _finding("changed", package, f"not as published: {names}")


def _unpinned(
    workspace: Workspace, record: Record, packages: Sequence[Package]
) -> Iterator[Finding]:
    """Yield the distributions that files of the project ask for without saying which version."""
    known = {canonicalize_name(each.name): each for each in packages}
    for path, line in _stated(workspace, record):
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            continue
        exact = any(
            each.operator in ("==", "===") and "*" not in each.version for each in wanted.specifier
        )
        package = known.get(canonicalize_name(wanted.name))
        if package is not None and not exact and wanted.url is None:
            yield _finding("unpinned", package, f"{path} asks for `{line}`")


def _stated(workspace: Workspace, record: Record) -> Iterator[tuple[str, str]]:
    for file in read_listing(workspace.store, record.recipe.code.files, CodeFile):
        name = file.path.rpartition("/")[2]
        is_list = name.startswith("requirements") and name.endswith((".txt", ".in"))
        if file.digest is None or not (is_list or name == "pyproject.toml"):
            continue
        try:
            text = workspace.store.read(file.digest).decode("utf-8", "replace")
            lines = text.splitlines() if is_list else _of_project(text)
        except (AnewError, tomllib.TOMLDecodeError):
            continue
        for line in lines:
            stripped = line.partition(" #")[0].partition(" --hash")[0].rstrip("\\ ").strip()
            if stripped and not stripped.startswith(("#", "-")):
                yield file.path, stripped


def _of_project(text: str) -> list[str]:
    project = tomllib.loads(text).get("project", {})
    return [each for each in project.get("dependencies", []) if isinstance(each, str)]


def _licence(metadata: Message) -> str:
    stated = metadata.get("License-Expression") or ""
    if not stated:
        kinds = [each.rpartition(" :: ")[2] for each in metadata.get_all("Classifier", [])
                 if each.startswith("License ::")]  # fmt: skip
        stated = ", ".join(kinds) or (metadata.get("License") or "").strip().partition("\n")[0]
    return stated[:80] or "not stated"


def _of_metadata(
    package: Package, metadata: Message, files: Installed, questions: Questions
) -> Iterator[Finding]:
    if _licence(metadata) == "not stated":
        yield _finding("no licence", package, "its metadata state none")
    if INACTIVE in metadata.get_all("Classifier", []):
        yield _finding("deprecated", package, "its authors call it inactive")
    wheel = message_from_string(files.text(package.name, "WHEEL"))
    tags = [tag for text in wheel.get_all("Tag", []) for tag in parse_tag(text)]
    if questions.python is not None:
        wanted = _version(questions.python)
        stated = metadata.get("Requires-Python")
        if stated and not _allows(stated, wanted):
            yield _finding("incompatible", package, f"asks for Python {stated}")
        elif tags and not any(_fits_python(tag.interpreter, tag.abi, wanted) for tag in tags):
            shown = ", ".join(sorted({f"{tag.interpreter}-{tag.abi}" for tag in tags}))
            text = f"installed for {shown}: another wheel is needed for Python {wanted}"
            yield _finding("incompatible", package, text)
    if questions.platform is not None and tags:
        known = sorted({tag.platform for tag in tags})
        if not any(each == "any" or questions.platform in each for each in known):
            text = f"installed for {', '.join(known)}: another wheel is needed"
            yield _finding("incompatible", package, text)


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion as error:
        raise WrongUsage(f"--python {text} is no version", hint="write --python 3.13") from error


def _allows(stated: str, wanted: Version) -> bool:
    try:
        return SpecifierSet(stated).contains(wanted, prereleases=True)
    except InvalidSpecifier:
        return True


def _fits_python(interpreter: str, abi: str, wanted: Version) -> bool:
    """Say whether a wheel with that tag runs on a version of CPython."""
    numbers = re.fullmatch(r"(py|cp)(\d)(\d*)", interpreter)
    if numbers is None:
        return False
    major, minor = int(numbers[2]), int(numbers[3] or 0)
    if major != wanted.major:
        return False
    if numbers[1] == "py" or abi == "abi3":
        return wanted.minor >= minor
    return wanted.minor == minor


def _vulnerable(package: Package, advisories: Sequence[Advisory]) -> Iterator[Finding]:
    for each in advisories:
        if each.concerns(package.name, package.version):
            yield _finding("vulnerable", package, f"{each.id}: {each.summary}".rstrip(": "))


def _from_index(interpreter: Interpreter, packages: Sequence[Package]) -> Iterator[Finding]:
    """Ask the index, through uv: which versions were yanked, and which are the newest."""
    asked = {canonicalize_name(each.name): each for each in packages if each.origin == "index"}
    uv = rebuild.find_uv()
    if uv is None:
        raise NoEnvironment("uv is needed to ask an index", hint="`pip install uv`")
    for package in asked.values():  # one by one: one that no index has must not hide the others
        try:
            told = _asked(uv, interpreter, f"{package.name}=={package.version}")[1]
            newest = _asked(uv, interpreter, package.name)[0]
        except NoEnvironment as error:
            yield _finding("not on the index", package, error.why[:160])
            continue
        for match in YANKED.finditer(told):
            yield _finding("yanked", package, match["why"] or "no reason is given")
        if newest is not None and newest > Version(package.version):
            yield _finding("behind", package, f"{newest} is the newest for this Python")


def _asked(uv: str, interpreter: Interpreter, requirement: str) -> tuple[Version | None, str]:
    with tempfile.TemporaryDirectory() as scratch:
        wanted, target = Path(scratch, "requirements.in"), Path(scratch, "pylock.toml")
        wanted.write_text(requirement + "\n", encoding="utf-8")
        words = ["pip", "compile", "--no-deps", "--no-header", "--format", "pylock.toml",
                 "--output-file", str(target), "--python-version", interpreter.version,
                 str(wanted), *indexes.configured(os.environ, interpreter.prefix).options(),
                 "--index-strategy", "unsafe-best-match"]  # fmt: skip
        told = rebuild.run_uv(uv, words, offline=False)
        lock = Pylock.from_dict(tomllib.loads(target.read_text(encoding="utf-8")))
    return (lock.packages[0].version if lock.packages else None), told
