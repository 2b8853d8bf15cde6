"""Workspace: the store, ledger, folders, clock and entropy in use."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from anew.ledger.file import FileLedger, writer_name
from anew.model.errors import StoreUnusable
from anew.store.local import LocalStore

SPOOLS = "spool"
LOCAL = ".anew"  # a store beside a project
XDG = {"data": ("XDG_DATA_HOME", ".local/share"), "cache": ("XDG_CACHE_HOME", ".cache")}


class Workspace(Struct, frozen=True):
    """Everything a verb may touch. `root` is the folder of the store, `cache` may be lost."""

    store: LocalStore
    ledger: FileLedger
    root: Path
    cache: Path
    now: Callable[[], str]
    entropy: Callable[[int], bytes]

    @property
    def spools(self) -> Path:
        """The folder that holds a spool for each run that is not sealed yet."""
        return self.root / SPOOLS


def utc_now() -> str:
    """Return the present time in UTC, to the microsecond, as ISO 8601."""
    return datetime.fromtimestamp(time.time(), UTC).isoformat().replace("+00:00", "Z")


def directory_of(environ: Mapping[str, str]) -> str:
    """Return the working directory as the user knows it: PWD where it is true, links unresolved.

    Raises:
        StoreUnusable: the working directory is gone.
    """
    try:
        real = os.getcwd()
        named = environ.get("PWD", "")
        if named.startswith("/") and os.path.samefile(named, real):
            return os.path.normpath(named)
    except FileNotFoundError as error:
        raise StoreUnusable(
            "the working directory is gone", why=str(error), hint="`cd` into one that is there"
        ) from error
    except OSError:
        pass
    return real


def place_of(option: str | None, environ: dict[str, str], directory: str) -> Path:
    """Return the folder of the store: --store, ANEW_HOME, .anew beside the project, XDG data."""
    if option:
        return Path(directory, option)
    if environ.get("ANEW_HOME"):
        return Path(directory, environ["ANEW_HOME"])
    for folder in (Path(directory), *Path(directory).parents):
        if (folder / LOCAL / "format.json").exists():
            return folder / LOCAL
    return _own_folder("data")


def _own_folder(kind: str) -> Path:
    """Return our folder of the user's data or cache, as the XDG specification names it."""
    variable, below = XDG[kind]
    for start, rest in ((os.environ.get(variable, ""), ""), (os.environ.get("HOME", ""), below)):
        if start.startswith("/") and sys.platform == "linux" and "ANDROID_ROOT" not in os.environ:
            return Path(start, rest, "anew")
    import platformdirs  # noqa: PLC0415 - slow to load: for other systems, and without a home

    find = platformdirs.user_cache_dir if kind == "cache" else platformdirs.user_data_dir
    return Path(find("anew", appauthor=False))


def open_workspace(option: str | None, directory: str) -> Workspace:
    """Open the store in use, made on first use.

    Raises:
        StoreUnusable: it cannot be made or read.
    """
    root = place_of(option, dict(os.environ), directory).absolute()
    cache = _own_folder("cache")
    try:
        store = LocalStore(root, cache)
        (root / SPOOLS).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreUnusable(
            f"the store {root} cannot be used",
            why=str(error),
            hint="choose another folder with --store or the variable ANEW_HOME",
        ) from error
    ledger = FileLedger(root, writer_name(), utc_now)
    return Workspace(store, ledger, root, cache, utc_now, os.urandom)
