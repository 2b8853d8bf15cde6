"""Layout: where things lie in a store, and the file that says of what format it is."""

import contextlib
import os
from pathlib import Path

from msgspec import Struct

from anew.model import canonical
from anew.model.digest import PREFIX, Digest
from anew.model.errors import DamagedObject, StoreUnusable, Unsupported
from anew.store.durable import PRIVATE_FOLDER, open_new, sync_folder, write_all

VERSION = 1
FEATURES: frozenset[str] = frozenset()
FORMAT = "format.json"
FOLDERS = ("objects", "packs", "tmp")
LOCK = "lock"


class Format(Struct, frozen=True):
    """What `format.json` says. A reader must know every feature; `uuid` tells stores apart."""

    store: int
    features: tuple[str, ...]
    uuid: str


class Layout(Struct, frozen=True):
    """The places of one store."""

    root: Path
    uuid: str

    @property
    def objects(self) -> Path:
        """Large objects, one file each."""
        return self.root / "objects"

    @property
    def packs(self) -> Path:
        """Small objects, many to a file."""
        return self.root / "packs"

    @property
    def temporary(self) -> Path:
        """A folder for each batch that is not committed yet."""
        return self.root / "tmp"

    @property
    def lock(self) -> Path:
        """Shared by those who add, held alone by who drops."""
        return self.root / LOCK

    def object(self, digest: Digest) -> Path:
        """Return where `digest` lies if it is large."""
        name = digest[len(PREFIX) :]
        return self.objects / name[:2] / name[2:]


def open_layout(root: Path) -> Layout:
    """Return the layout of the store at `root`, made there if there is none.

    Raises:
        StoreUnusable: it cannot be read or made, or something else lies there.
        Unsupported: another version of Anew made it in a way this one does not know.
    """
    try:
        text = _read_or_make(root)
    except OSError as error:
        raise StoreUnusable(
            f"the store at `{root}` cannot be used",
            why=str(error),
            hint="name another place with --store or ANEW_HOME",
        ) from error
    try:
        form = canonical.decode(text, Format)
    except DamagedObject as error:
        raise StoreUnusable(
            f"the store at `{root}` cannot be used",
            why=f"`{FORMAT}` is damaged ({error.why})",
            hint=f"bring `{FORMAT}` back from a copy; the rest of the store is untouched",
        ) from error
    unknown = sorted(set(form.features) - FEATURES)
    if form.store != VERSION or unknown:
        raise Unsupported(
            f"the store at `{root}` is of a format this Anew does not know",
            why=f"it is of version {form.store}, and we know {VERSION}"
            if form.store != VERSION
            else f"it uses {', '.join(unknown)}",
            hint="use the version of Anew that wrote it, or a newer one",
        )
    return Layout(root, form.uuid)


def _read_or_make(root: Path) -> bytes:
    path = root / FORMAT
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    new = [folder for folder in (root, *root.parents) if not folder.exists()]
    root.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
    for folder in new:
        sync_folder(folder.parent)
    ours = {*FOLDERS, LOCK, "ledger", "leases", "spool"}
    foreign = [entry.name for entry in root.iterdir() if entry.name not in ours]
    foreign = [name for name in foreign if not name.startswith((".", FORMAT))]
    if foreign:
        raise StoreUnusable(
            f"`{root}` is no store, and is not empty",
            why=f"it holds `{sorted(foreign)[0]}` and no `{FORMAT}`",
            hint="name an empty or new folder",
        )
    for name in FOLDERS:
        (root / name).mkdir(PRIVATE_FOLDER, exist_ok=True)
    return _make_format(path)


def _make_format(path: Path) -> bytes:
    """Make the file unless somebody else is faster; return what it holds."""
    import uuid  # noqa: PLC0415 - 6 ms, once in the life of a store

    text = canonical.encode(Format(VERSION, tuple(sorted(FEATURES)), str(uuid.uuid4())))
    draft = path.with_name(f"{FORMAT}.{uuid.uuid4().hex}")
    file = open_new(draft)
    try:
        write_all(file, text + b"\n")
        os.fsync(file)
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            if not path.exists():
                draft.rename(path)
    finally:
        os.close(file)
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
    return path.read_bytes()
