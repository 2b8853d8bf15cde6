"""The environment a run had: interpreter, distributions, libraries from elsewhere."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from anew.facets.environment import loose
from anew.facets.environment.distributions import Distribution, canonical_name
from anew.facets.environment.inventory import scan
from anew.facets.holding import Holder
from anew.facets.spool import Process
from anew.model.canonical import digest_of
from anew.model.digest import Digest
from anew.model.inputs import (
    Environment,
    Interpreter,
    Kept,
    Library,
    LooseFile,
    Package,
    PatchedFile,
)
from anew.store.listings import write_listing

PATCH_LARGEST = 64 << 20  # bytes of a changed file that is kept by value
EXECUTABLE = 0o111
OURS = "/anew/probe/native/libanew.so"
OURS_COPIED = "libanew-"  # where the path of the first cannot be given to the loader
SITES = ("site-packages", "dist-packages")


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
    places = [folder for folder in process.path if folder.endswith(SITES) and os.path.isdir(folder)]
    return tuple(dict.fromkeys(places))


def prefixes(processes: Iterable[Process]) -> tuple[str, ...]:
    """Return the folders whose files are environment: prefixes and site folders."""
    found: dict[str, None] = {}
    for process in processes:
        for prefix in (process.prefix, process.base_prefix, *site_folders(process)):
            if prefix and prefix not in ("/", "/usr"):
                found[os.path.normpath(prefix)] = None
                found[os.path.realpath(prefix)] = None
                chooser = _chooser(prefix)
                if chooser is not None:
                    found[chooser] = None
    return tuple(found)


def _chooser(prefix: str) -> str | None:
    """Return the folder of the version manager that a prefix lies in: pyenv, asdf, rbenv."""
    folder, name = os.path.split(os.path.dirname(os.path.normpath(prefix)))
    if name == "versions" and os.path.isdir(os.path.join(folder, "shims")):
        return folder
    return None


def observe(
    process: Process, cache: Path, holder: Holder, real: Callable[[str], str] = str
) -> Environment:
    """Return the environment of `process`: what is installed now, hashed where not known.

    `real` says where lies what the process saw at a path.
    """
    sites = real_sites(process, real)
    found = scan(sites, cache, process.prefix)
    others = loose.look(sites, cache)
    packages = tuple(_package(each, process, holder) for each in found)
    interpreter = interpreter_of(process)
    loaded = sorted(path for path in set(process.libraries) if not is_ours(path))
    libraries = tuple(_library(path, real(path), holder) for path in loaded)
    files = _loose(sites, others, holder)
    return Environment(
        _named(interpreter, found, others),
        _manager(process, real),
        interpreter,
        write_listing(holder.batch, packages, lambda each: canonical_name(each.name)),
        write_listing(holder.batch, libraries, lambda each: each.path),
        write_listing(holder.batch, files, lambda each: each.path) if files else None,
    )


def is_ours(path: str) -> bool:
    """Say whether a shared library is the one that Anew itself puts in front of a program."""
    return path.endswith(OURS) or f"/{OURS_COPIED}" in path


def real_sites(process: Process, real: Callable[[str], str]) -> tuple[str, ...]:
    """Return where the folders of distributions lie that the process saw."""
    places = (real(folder) for folder in process.path if folder.endswith(SITES))
    return tuple(dict.fromkeys(place for place in places if os.path.isdir(place)))


def digest_of_environment(process: Process, cache: Path) -> Digest:
    """Return the digest that a run by `process` would record for its environment."""
    return digest_of_sites(interpreter_of(process), site_folders(process), cache)


def digest_of_sites(interpreter: Interpreter, sites: Sequence[str], cache: Path) -> Digest:
    """Return the digest of the environment of `interpreter` with what is installed in `sites`."""
    return _named(interpreter, scan(sites, cache, interpreter.prefix), loose.look(sites, cache))


def _named(
    interpreter: Interpreter, found: Iterable[Distribution], others: Sequence[loose.Loose]
) -> Digest:
    facts: list[object] = [
        interpreter.implementation, interpreter.version, interpreter.build,
        [(canonical_name(each.name), each.version, each.fingerprint) for each in found],
    ]  # fmt: skip
    if others:
        facts.append([(each.path, each.digest) for each in others])
    return digest_of(facts)


def _loose(
    sites: Sequence[str], found: Sequence[loose.Loose], holder: Holder
) -> tuple[LooseFile, ...]:
    """Hold loose files, unless there are so many that a distribution must have left no RECORD."""
    kept = sum(each.size for each in found) <= PATCH_LARGEST
    files = []
    for each in found:
        how = Kept.REFERENCE
        if kept:
            path = f"{sites[each.site]}/{each.path}"
            held = holder.hold("environment", each.path, path, None, always=True)
            how = held.kept if held.digest == each.digest else Kept.NO
        files.append(LooseFile(each.path, each.site, each.digest, each.size, how))
    return tuple(files)


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
    named = set(found.modules)
    try:  # an editable one lies elsewhere, and a system's has no list of files
        with open(f"{found.folder}/{found.metadata}/top_level.txt", encoding="utf-8") as stream:
            return named | {line.strip() for line in stream}
    except OSError:
        return named or {canonical_name(found.name).replace("-", "_")}


def _library(path: str, place: str, holder: Holder) -> Library:
    try:
        size = os.stat(place).st_size
        digest = holder.store.fingerprint(place, None)
    except OSError:
        return Library(path, None, 0)
    holder.seen += 1
    holder.held += 1
    return Library(path, digest, size)


def _manager(process: Process, real: Callable[[str], str]) -> str:
    prefix = real(process.prefix)
    if os.path.isdir(f"{prefix}/conda-meta"):
        return "conda"
    try:
        with open(f"{prefix}/pyvenv.cfg", encoding="utf-8") as stream:
            return "uv" if "uv =" in stream.read() else "venv"
    except OSError:
        return "system"
