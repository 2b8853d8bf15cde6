"""Lays the files of an archive out below a folder, one folder a tree; finds them there again."""

import os
import stat
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct, field

from anew.facets.environment import compiled
from anew.facets.environment.standing import FOLDER, Found, Standing, look
from anew.model.archive import Archive, ArchivedFile, Part, Tree
from anew.model.digest import Digest, digest_bytes
from anew.model.errors import ChangedWhileRead, DamagedObject
from anew.model.inputs import FileKind
from anew.model.tree import Stamp
from anew.store.copying import fingerprint, opened
from anew.store.laying import Laid
from anew.store.listings import read_listing
from anew.store.local import LocalStore
from anew.trace.places import inside

LINKABLE = (".so", ".a")  # whose mode and time nobody asks for
UNSAFE = ("..", "")
LARGE = 1 << 20  # bytes; below it a thread costs more than it saves
WORKERS = 4


class Placed(Struct):
    """Where the trees of an archive lie now, by where they were, with how many files."""

    places: dict[str, str] = field(default_factory=dict)
    files: int = 0

    def now(self, path: str) -> str | None:
        """Return where a path of the original lies now; None where it was not laid out."""
        for original in sorted(self.places, key=len, reverse=True):
            if inside(path, original):
                return self.places[original] + path[len(original) :]
        return None


def lay_out(
    archive: Archive, parts: Iterable[Part], place: Path, store: LocalStore, *, link: bool
) -> Placed:
    """Write the trees of `archive` that are `parts` below `place`, which is empty or not there.

    With `link` large libraries are the very files of the store: what is laid out must only be
    seen through a mount that cannot be written to.

    Raises:
        MissingObject, DamagedObject, OSError: something could not be written.
    """
    result = Placed()
    files: list[Laid] = []
    links: list[tuple[str, str]] = []
    folders: set[str] = set()
    last: list[tuple[str, int]] = []
    for number, tree in enumerate(archive.trees):
        if tree.part not in parts:
            continue
        top = str(place / str(number))
        result.places[tree.path] = top
        folders.add(top if tree.part is not Part.LIBRARY else str(place))
        for each in read_listing(store, tree.files, ArchivedFile):
            target = f"{top}/{_safe(each.path)}" if each.path else top
            folders.add(os.path.dirname(target))
            if each.kind is FileKind.LINK:
                links.append((target, each.target or ""))
            elif each.kind is FileKind.FOLDER:
                folders.add(target)
                last.append((target, each.mode))
            elif each.digest is not None:
                files.append(_laid(each, each.digest, tree, target, link=link))
    _make_folders(folders)
    store.lay_out(files)
    for target, leads_to in links:  # after the files: none is written through a link
        os.symlink(leads_to, target)
    for target, mode in last:
        os.chmod(target, mode)
    result.files = len(files)
    return result


def _laid(file: ArchivedFile, digest: Digest, tree: Tree, target: str, *, link: bool) -> Laid:
    linkable = link and _is_library(file.path or tree.path)
    if file.held is None:
        return Laid(digest, target, file.mode, file.modified_ns, linkable)
    prefix, time = os.fsencode(tree.path), file.source_time
    return Laid(
        file.held, target, file.mode, file.modified_ns,
        fill=lambda kept: compiled.revived(kept, prefix, time), filled=digest,
    )  # fmt: skip


def _make_folders(folders: set[str]) -> None:
    made: set[str] = set()
    for folder in sorted(folders):
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)


def _is_library(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith(LINKABLE) or ".so." in name


def _safe(path: str) -> str:
    """Return `path` if it leads below where it is put.

    Raises:
        DamagedObject: it does not; nobody wrote that but to do harm.
    """
    if path.startswith("/") or any(part in UNSAFE for part in path.split("/")):
        raise DamagedObject(
            f"an archive holds a file {path!r}", why="it would lie outside of where it is put",
            hint="do not use this archive",
        )  # fmt: skip
    return path


def compare(
    archive: Archive,
    placed: Placed,
    before: Standing,
    store: LocalStore,
    rewritten: Mapping[str, ArchivedFile],
    *,
    most: int = 20,
) -> tuple[tuple[str, ...], Standing]:
    """Compare what lies where `placed` says with `archive`, file for file; name what differs.

    What is as it was `before` was compared then; of files that were `rewritten` it is said what
    they are since. The standing that is returned is that in which all was found.
    """
    try:
        now = look(placed.places.values())
    except OSError as error:
        return (f"{error.filename}: {error.strerror}",), Standing(0, {})
    found: list[str] = []
    for tree in archive.trees:
        place = placed.places.get(tree.path)
        if place is not None and len(found) < most:
            seen, proved = now.folders[place], before.proved(place, now.folders[place])
            if not len(proved) == len(seen) == len(before.folders.get(place, ())):
                found += _differences(tree, place, seen, proved, store, rewritten)
    return tuple(found[:most]), now


def _differences(
    tree: Tree,
    place: str,
    seen: Found,
    proved: Collection[str],
    store: LocalStore,
    rewritten: Mapping[str, ArchivedFile],
) -> list[str]:
    wanted = {each.path: each for each in read_listing(store, tree.files, ArchivedFile)}
    wanted |= {
        each.path: each for path, each in rewritten.items() if path == f"{place}/{each.path}"
    }
    folders = {""}
    for path in wanted:
        while path := path.rpartition("/")[0]:
            if path in folders:
                break
            folders.add(path)
    added = {path for path in seen.keys() - wanted.keys() if seen[path] != FOLDER}
    added |= {path for path in seen.keys() - wanted.keys() - folders if seen[path] == FOLDER}
    words = [f"{_shown(tree, path)} was added" for path in sorted(added)]
    words += [f"{_shown(tree, path)} is gone" for path in sorted(wanted.keys() - seen.keys())]
    left = sorted((wanted.keys() & seen.keys()).difference(proved))
    changed = _changed([(wanted[path], seen[path], f"{place}/{path}") for path in left])
    return words + [f"{_shown(tree, path)} is changed" for path in sorted(changed)]


def _changed(pairs: Sequence[tuple[ArchivedFile, Stamp, str]]) -> list[str]:
    """Return the paths of those files that are not what was wanted; large ones beside the rest."""
    large = [pair for pair in pairs if pair[0].size >= LARGE]
    with ThreadPoolExecutor(WORKERS) as pool:  # hashing leaves Python to others
        futures = [pool.submit(_same, *pair) for pair in large]
        found = [pair[0].path for pair in pairs if pair[0].size < LARGE and not _same(*pair)]
        for pair, future in zip(large, futures, strict=True):
            found += [] if future.result() else [pair[0].path]
    return found


def as_they_are(placed: Placed, paths: Iterable[Path]) -> dict[str, ArchivedFile]:
    """Return what files of laid-out trees are now, by where they lie."""
    found = {}
    for path in paths:
        top = next(top for top in placed.places.values() if inside(str(path), top))
        name = str(path)[len(top) + 1 :]
        if path.is_symlink():
            found[str(path)] = ArchivedFile(name, kind=FileKind.LINK, target=os.readlink(path))
        else:
            data = path.read_bytes()
            found[str(path)] = ArchivedFile(name, digest_bytes(data), len(data))
    return found


def _shown(tree: Tree, path: str) -> str:
    return f"{tree.path}/{path}" if path else tree.path


def _same(wanted: ArchivedFile, seen: Stamp, path: str) -> bool:
    if wanted.kind is FileKind.FOLDER:
        return seen == FOLDER
    try:
        if wanted.kind is FileKind.LINK:
            return stat.S_ISLNK(seen.mode) and os.readlink(path) == wanted.target
        if not stat.S_ISREG(seen.mode) or seen.size != wanted.size:
            return False
        with opened(path.removesuffix("/"), seen) as source:
            digest = fingerprint(source)
            source.check()
            return digest == wanted.digest
    except (OSError, ChangedWhileRead):
        return False


def sites_of(archive: Archive, placed: Placed) -> Sequence[str]:
    """Return where the folders of distributions lie now; those not laid out lie where they did."""
    return tuple(placed.now(site) or site for site in archive.sites)
