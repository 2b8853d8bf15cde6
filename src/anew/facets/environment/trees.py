"""The folders an environment consists of, and all files in them."""

import os
import re
import stat
from collections.abc import Iterable, Iterator

from msgspec import Struct

from anew.facets.environment.distributions import Distribution
from anew.facets.environment.state import site_folders
from anew.facets.spool import Process
from anew.model.archive import Part
from anew.model.inputs import Library
from anew.model.secrets import is_credential_file
from anew.model.tree import Stamp
from anew.store.copying import stamp_of
from anew.trace.places import inside

SYSTEM_PREFIXES = ("/", "/usr", "/usr/local")  # they hold other things than one Python
STANDALONE = re.compile(r"(cpython|pypy|graalpy)-\d+\.\d+[\w.+]*-\w+-\w+-\w+")
OF_VENV = ("bin", "lib", "lib64", "include", "share", "etc", "pyvenv.cfg")
CONDA_STOCK = ("pkgs", "envs", "conda-bld")  # what other environments are made of
NOT_SOURCE = (".git", ".hg", ".venv", "venv", "node_modules", ".tox", ".mypy_cache", ".ruff_cache")
MOST_SOURCE = 50_000  # entries of the folder of an editable distribution


class Top(Struct, frozen=True):
    """A folder to be looked through; of it only the entries `names`, where they are given."""

    part: Part
    path: str
    names: tuple[str, ...] = ()
    without: tuple[str, ...] = ()  # entries that are left out, by their path below the top
    name: str = ""


class Seen(Struct, frozen=True):
    """A file, link or empty folder below a top."""

    path: str
    stamp: Stamp
    target: str | None = None

    @property
    def is_folder(self) -> bool:
        """Say whether it is a folder."""
        return stat.S_ISDIR(self.stamp.mode)


def tops(
    process: Process,
    project: str,
    found: Iterable[Distribution],
    libraries: Iterable[Library] = (),
    *,
    interpreter: bool | None = None,
) -> tuple[Top, ...]:
    """Return the folders that make up the environment of `process`, none inside another.

    The interpreter is one of them where it is made to run at any place, or `interpreter` asks for
    it; never one that shares its prefix with the system.
    """
    result: list[Top] = []
    sites = site_folders(process)
    prefix, base = process.prefix, process.base_prefix
    is_conda = os.path.isdir(f"{prefix}/conda-meta")
    if prefix != base or is_conda:
        names = OF_VENV if inside(project, prefix) and not is_conda else ()
        result.append(Top(Part.PREFIX, prefix, names, CONDA_STOCK if is_conda else ()))
    for folder in sites:
        if not any(inside(folder, top.path) for top in result):
            result.append(Top(Part.SITE, folder))
    wanted = is_relocatable(base) if interpreter is None else interpreter
    if wanted and base not in SYSTEM_PREFIXES and not is_conda:
        result.append(_interpreter(process))
    result += _sources(found, [top.path for top in result])
    result += [Top(Part.LIBRARY, each.path) for each in libraries]
    return tuple(result)


def is_relocatable(base: str) -> bool:
    """Say whether the Python at `base` is one of those that uv installs: made to be moved.

    >>> is_relocatable("/home/ada/.local/share/uv/python/cpython-3.12.4-linux-x86_64-gnu")
    True
    >>> is_relocatable("/usr")
    False
    """
    name = os.path.basename(os.path.realpath(base))
    return STANDALONE.fullmatch(name) is not None


def _interpreter(process: Process) -> Top:
    """Return the parts of a Python's prefix that are Python: others may be installed beside it."""
    base = process.base_prefix
    minor = ".".join(process.version.split(".")[:2])
    names = [f"lib/python{minor}"]
    for folder, start in (("bin", "python"), ("lib", "libpython")):
        try:
            found = sorted(os.listdir(f"{base}/{folder}"))
        except OSError:
            continue
        names += [f"{folder}/{each}" for each in found if each.startswith(start)]
    return Top(Part.INTERPRETER, base, tuple(names), (f"lib/python{minor}/site-packages",))


def _sources(found: Iterable[Distribution], known: list[str]) -> Iterator[Top]:
    """Yield where editable distributions are developed."""
    for each in found:
        path = (each.url or "").removeprefix("file://")
        if each.origin != "editable" or not path.startswith("/") or not os.path.isdir(path):
            continue
        if not any(inside(path, folder) for folder in known):
            yield Top(Part.SOURCE, path, (), NOT_SOURCE, each.name)


def entries(top: Top, left_out: list[str]) -> Iterator[Seen]:
    """Yield what lies below `top`: files, links, and folders with nothing in them.

    Files that hold credentials are named in `left_out`; sockets and devices are passed over.

    Raises:
        OSError: something cannot be looked at.
    """
    if top.part is Part.LIBRARY:
        yield Seen("", stamp_of(os.stat(top.path)))
        return
    starts = top.names or ("",)
    for name in starts:
        path = f"{top.path}/{name}".rstrip("/")
        if os.path.lexists(path):
            yield from _below(top, name, path, left_out)


def _below(top: Top, name: str, path: str, left_out: list[str]) -> Iterator[Seen]:
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        yield Seen(name, stamp_of(status), os.readlink(path))
        return
    if not stat.S_ISDIR(status.st_mode):
        if is_credential_file(path) or name == "pip.conf":
            left_out.append(name)
        elif stat.S_ISREG(status.st_mode):
            yield Seen(name, stamp_of(status))
        return
    with os.scandir(path) as scanned:
        names = sorted(entry.name for entry in scanned)
    names = [each for each in names if _wanted(top, name, each)]
    if not names and name:
        yield Seen(name, stamp_of(status))
    for each in names:
        yield from _below(top, f"{name}/{each}" if name else each, f"{path}/{each}", left_out)


def _wanted(top: Top, folder: str, name: str) -> bool:
    below = f"{folder}/{name}" if folder else name
    if top.part is Part.SOURCE:
        return name not in top.without and name != "__pycache__"
    return below not in top.without
