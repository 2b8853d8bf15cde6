"""Builds an environment again from its recorded versions, with uv, and checks what came of it."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from anew.facets.environment import indexes, python
from anew.facets.environment.distributions import canonical_name
from anew.facets.environment.inventory import scan
from anew.facets.environment.state import digest_of_environment, site_folders
from anew.facets.spool import Process
from anew.model.errors import NoEnvironment
from anew.model.inputs import Interpreter, Package
from anew.store.protocol import Store

TIMEOUT = 3600.0  # seconds
FROM_INDEX = ("index", "system")


@dataclass(frozen=True, slots=True)
class Built:
    """A virtual environment that stands in for a recorded one; `notes` say where it differs."""

    process: Process
    exact: bool
    notes: tuple[str, ...] = ()


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Keep other replays from building the environment at `place` meanwhile."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place.with_name(place.name + ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find_uv() -> str | None:
    """Return uv: on PATH, or beside our own interpreter."""
    beside = os.path.join(os.path.dirname(sys.executable), "uv")
    return shutil.which("uv") or (beside if os.access(beside, os.X_OK) else None)


def rebuild(
    interpreter: Interpreter,
    packages: Sequence[Package],
    place: Path,
    store: Store,
    cache: Path,
    *,
    changes: Sequence[str] = (),
    offline: bool = False,
) -> Built:
    """Make a virtual environment at `place` with `packages`, then look what is in it.

    `changes` are requirements (`numpy==2.4`) that replace recorded versions.

    Raises:
        NoEnvironment: there is no uv, no fitting interpreter, or a package cannot be had.
    """
    uv = find_uv()
    if uv is None:
        raise NoEnvironment(
            "uv is not installed here",
            hint="`pip install uv`, or restore the environment at " + interpreter.prefix,
        )
    base, note = find_base(interpreter, uv)
    notes = [note] if note else []
    if place.exists():
        shutil.rmtree(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    run_uv(uv, ["venv", "--quiet", "--no-project", "--python", base, str(place)], offline=offline)
    executable = str(place / "bin" / "python")
    wanted = [each for each in packages if each.origin in FROM_INDEX and _installable(each)]
    _install(uv, executable, _lines(wanted, changes), interpreter.prefix, offline=offline)
    fresh = python.ask(executable, os.environ)
    for folder in site_folders(fresh)[:1]:
        _lay_over(packages, Path(folder), store)
    notes += _differences(packages, fresh, cache, changes)
    if not note and fresh.build != interpreter.build:
        notes.append(f"another build of Python {fresh.version}: {fresh.build}")
    return Built(fresh, not notes, tuple(notes))


def inspect(
    interpreter: Interpreter, packages: Sequence[Package], place: Path, cache: Path
) -> Built | None:
    """Look at an environment that was rebuilt before; None where it is no longer one."""
    try:
        fresh = python.ask(str(place / "bin" / "python"), os.environ)
    except NoEnvironment:
        return None
    notes = _differences(packages, fresh, cache, ())
    same = fresh.build == interpreter.build
    notes += [] if same else [f"Python {fresh.version} stands in for {interpreter.version}"]
    return Built(fresh, not notes, tuple(notes))


def _installable(package: Package) -> bool:
    return package.origin != "system" or bool(package.version)


def _lines(packages: Sequence[Package], changes: Sequence[str]) -> list[str]:
    changed = {canonical_name(_name_of(change)): change for change in changes}
    lines = {canonical_name(each.name): f"{each.name}=={each.version}" for each in packages}
    return [*({**lines, **changed}).values()]


def _name_of(requirement: str) -> str:
    for position, letter in enumerate(requirement):
        if letter in "=<>!~[; @":
            return requirement[:position]
    return requirement


def find_base(interpreter: Interpreter, uv: str | None) -> tuple[str, str]:
    """Return an interpreter to build on, and what to say where it is not the recorded one.

    Raises:
        NoEnvironment: there is none of that minor version.
    """
    minor = ".".join(interpreter.version.split(".")[:2])
    places = [
        f"{interpreter.base_prefix}/bin/python{minor}",
        f"{interpreter.base_prefix}/bin/python3",
        shutil.which(f"python{minor}") or "",
    ]
    if uv is not None:
        found = subprocess.run(
            [uv, "python", "find", "--no-project", "--no-python-downloads", interpreter.version],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if found.returncode == 0:
            places.insert(2, found.stdout.strip())
    best: tuple[str, str] | None = None
    for place in places:
        version = python.version_of(place) if place else None
        if version == interpreter.version:
            return place, ""
        if version is not None and version.startswith(minor + ".") and best is None:
            best = place, f"Python {version} stands in for {interpreter.version}"
    if best is None:
        raise NoEnvironment(
            f"there is no Python {interpreter.version} here",
            why=f"looked for it in {interpreter.base_prefix}, on PATH and among uv's",
            hint=f"install it: `uv python install {interpreter.version}`",
        )
    return best


def _install(uv: str, executable: str, lines: list[str], prefix: str, *, offline: bool) -> None:
    if not lines:
        return
    words = ["pip", "install", "--quiet", "--no-deps", "--python", executable]
    words += indexes.configured(os.environ, prefix).options()
    words += ["--index-strategy", "unsafe-best-match", *lines]
    run_uv(uv, words, offline=offline)


def run_uv(uv: str, words: list[str], *, offline: bool) -> str:
    """Run uv; return what it wrote to stderr.

    Raises:
        NoEnvironment: it ended with an error.
    """
    command = [uv, *words, *(["--offline"] if offline else [])]
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT, check=False, env=environ
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoEnvironment("uv could not be run", why=str(error), hint="check uv") from error
    if done.returncode != 0:
        raise NoEnvironment(
            "an environment with these packages cannot be built here",
            why=_reason(done.stderr),
            hint="make the missing package available: settings of uv and pip count",
        )
    return done.stderr


def _reason(text: str) -> str:
    """Return uv's own words on one line, without its drawing."""
    lines = [line.strip(" \N{MULTIPLICATION SIGN}╰─▶│├\t") for line in text.splitlines()]
    return " ".join(line for line in lines if line)[:600]


def _lay_over(packages: Sequence[Package], folder: Path, store: Store) -> None:
    """Put files back that no index has: of local and editable packages, and patched ones."""
    for package in packages:
        for file in package.patched:
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            store.restore(file.digest, target)
            if file.executable:
                target.chmod(0o755)


def _differences(
    packages: Sequence[Package], fresh: Process, cache: Path, changes: Sequence[str]
) -> list[str]:
    here = {canonical_name(each.name): each for each in scan(site_folders(fresh), cache)}
    changed = {canonical_name(_name_of(change)) for change in changes}
    notes = []
    for package in packages:
        name = canonical_name(package.name)
        if name in changed:
            continue
        found = here.get(name)
        if found is None:
            notes.append(f"{package.name} {package.version} is not there")
        elif found.version != package.version:
            notes.append(f"{package.name} {found.version} stands in for {package.version}")
        elif found.fingerprint != package.fingerprint and package.origin in FROM_INDEX:
            notes.append(f"{package.name} {package.version} has other files than the recorded one")
    return notes


def present(
    interpreter: Interpreter, digest: str, cache: Path, environ: Mapping[str, str]
) -> Process | None:
    """Return the recorded interpreter's own account if its environment is provably the same."""
    if not os.access(interpreter.executable, os.X_OK):
        return None
    try:
        process = python.ask(interpreter.executable, environ)
    except NoEnvironment:
        return None
    return process if digest_of_environment(process, cache) == digest else None
