"""The environment a run had: interpreter, distributions, libraries from elsewhere."""

import os
from collections.abc import Iterable
from pathlib import Path

from anew.facets.environment.distributions import Distribution, canonical_name, scan
from anew.facets.holding import Holder
from anew.facets.spool import Process
from anew.model.canonical import digest_of
from anew.model.digest import Digest
from anew.model.inputs import (
    Environment,
    Interpreter,
    Library,
    Package,
    PatchedFile,
)
from anew.store.listings import write_listing

PATCH_LARGEST = 64 << 20  # bytes of a changed file that is kept by value
EXECUTABLE = 0o111


def interpreter_of(process: Process) -> Interpreter:
    """Return the interpreter of a process as a record holds it."""
    return Interpreter(
        process.implementation,
        process.version,
        process.build,
        process.executable,
        process.prefix,
        process.base_prefix,
        process.platform,
    )


def site_folders(process: Process) -> tuple[str, ...]:
    """Return the folders that distributions are installed in, in the order of the search path."""
    places = [
        folder
        for folder in process.path
        if folder.endswith(("site-packages", "dist-packages")) and os.path.isdir(folder)
    ]
    return tuple(dict.fromkeys(places))


def prefixes(processes: Iterable[Process]) -> tuple[str, ...]:
    """Return the folders whose files are environment: prefixes and site folders."""
    found: dict[str, None] = {}
    for process in processes:
        for prefix in (process.prefix, process.base_prefix, *site_folders(process)):
            if prefix and prefix not in ("/", "/usr"):
                found[os.path.normpath(prefix)] = None
                found[os.path.realpath(prefix)] = None
    return tuple(found)


def observe(process: Process, cache: Path, holder: Holder) -> Environment:
    """Return the environment of `process`: what is installed now, hashed where not known."""
    found = scan(site_folders(process), cache)
    packages = tuple(_package(each, process, holder) for each in found)
    interpreter = interpreter_of(process)
    digest = _named(interpreter, found)
    libraries = tuple(_library(path, holder) for path in sorted(set(process.libraries)))
    return Environment(
        digest,
        _manager(process),
        interpreter,
        write_listing(holder.batch, packages, lambda each: canonical_name(each.name)),
        write_listing(holder.batch, libraries, lambda each: each.path),
    )


def digest_of_environment(process: Process, cache: Path) -> Digest:
    """Return the digest that a run by `process` would record for its environment."""
    return _named(interpreter_of(process), scan(site_folders(process), cache))


def _named(interpreter: Interpreter, found: Iterable[Distribution]) -> Digest:
    return digest_of(
        (interpreter.implementation, interpreter.version, interpreter.build,
         [(canonical_name(each.name), each.version, each.fingerprint) for each in found])
    )  # fmt: skip


def none() -> Environment:
    """Return the environment of a run in which no Python took part."""
    return Environment(digest_of(()), "system")


def _package(found: Distribution, process: Process, holder: Holder) -> Package:
    patched: tuple[PatchedFile, ...] = ()
    if found.origin in ("editable", "local"):
        patched = _by_value(found, _own_files(found), holder)
    elif found.changed:
        patched = _by_value(found, found.changed, holder)
    if found.missing:
        holder.gap("environment", f"{found.name}: {len(found.missing)} files are missing",
                   "install it again")  # fmt: skip
    used = _modules_of(found) & {name.partition(".")[0] for name, _ in process.modules}
    return Package(found.name, found.version, found.fingerprint, found.origin, found.url, patched,
                   used=bool(used))  # fmt: skip


def _own_files(found: Distribution) -> tuple[str, ...]:
    """Return the files of a distribution that no index could give again."""
    try:
        with open(f"{found.folder}/{found.metadata}/RECORD", encoding="utf-8") as stream:
            names = [line.partition(",")[0].strip('"') for line in stream]
    except OSError:
        return ()
    return tuple(name for name in names if name and not name.startswith("..")
                 and not name.endswith(".pyc"))  # fmt: skip


def _by_value(found: Distribution, names: Iterable[str], holder: Holder) -> tuple[PatchedFile, ...]:
    files = []
    for name in sorted(names):
        path = f"{found.folder}/{name}"
        try:
            status = os.stat(path)
        except OSError:
            continue
        if status.st_size > PATCH_LARGEST:
            holder.gap("environment", f"{found.name}: {name} differs from what was published "
                       "and is too large to keep", "`anew keep RUN`")  # fmt: skip
            continue
        held = holder.hold("environment", f"{found.name}: {name}", path, None, always=True)
        if held.digest is not None:
            executable = bool(status.st_mode & EXECUTABLE)
            files.append(PatchedFile(name, held.digest, status.st_size, executable))
    return tuple(files)


def _modules_of(found: Distribution) -> set[str]:
    """Return the names of the top-level modules a distribution brings."""
    try:
        with open(f"{found.folder}/{found.metadata}/top_level.txt", encoding="utf-8") as stream:
            return {line.strip() for line in stream}
    except OSError:
        return {canonical_name(found.name).replace("-", "_")}


def _library(path: str, holder: Holder) -> Library:
    try:
        size = os.stat(path).st_size
        digest = holder.store.fingerprint(path, None)
    except OSError:
        return Library(path, None, 0)
    holder.seen += 1
    holder.held += 1
    return Library(path, digest, size)


def _manager(process: Process) -> str:
    if os.path.isdir(f"{process.prefix}/conda-meta"):
        return "conda"
    try:
        with open(f"{process.prefix}/pyvenv.cfg", encoding="utf-8") as stream:
            return "uv" if "uv =" in stream.read() else "venv"
    except OSError:
        return "system"
