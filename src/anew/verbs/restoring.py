"""Puts the code and inputs of a run back into a room, each checked before anything starts."""

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anew.execute.protocol import Mount
from anew.model.canonical import decode
from anew.model.digest import Digest
from anew.model.errors import AnewError, CannotRestore, MissingObject
from anew.model.inputs import CodeFile, FileKind, Input, Kept
from anew.model.record import Outcome, Output, Record
from anew.model.secrets import is_credential_file
from anew.store.listings import read_listing
from anew.store.local import LocalStore
from anew.trace.places import inside, whole

OUTSIDE = "outside"
PROJECT = "project"
MOST_FOLDERS = 2000  # outside the project that are mounted one by one


@dataclass(slots=True)
class Plan:
    """What a replay puts where. `referenced` are inputs by the path their bytes are taken from."""

    code: tuple[CodeFile, ...]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    looked_at: tuple[Input, ...] = ()
    referenced: dict[str, str] = field(default_factory=dict)
    from_here: list[str] = field(default_factory=list)


def plan(record: Record, store: LocalStore, *, isolate: bool = False) -> Plan:
    """Check that all that a replay needs is there, before anything starts.

    Of what was only looked at outside the project, what lies there the same is left alone, unless
    the replay is to `isolate`.

    Raises:
        MissingObject, DamagedObject, CannotRestore: something is not, by its name.
    """
    code = tuple(read_listing(store, record.recipe.code.files, CodeFile))
    inputs = tuple(read_listing(store, record.recipe.inputs, Input))
    outputs = tuple(read_listing(store, record.outcome.outputs, Output))
    listed = record.recipe.looked_at
    looked_at = tuple(
        each
        for each in (read_listing(store, listed, Input) if listed is not None else ())
        if each.kind is FileKind.STAT and (isolate or not _lies_there(each))
    )
    made = Plan(code, inputs, outputs, looked_at)
    _check_code(code, store)
    for given in inputs:
        _check_input(given, record, store, made)
    return made


def _lies_there(given: Input) -> bool:
    """Say whether a file outside the project is here as it was there, but for its bytes."""
    if not given.path.startswith("/"):
        return False
    try:
        now = os.stat(given.path)
    except OSError:
        return False
    return (now.st_size, now.st_mtime_ns) == (given.size, given.modified_ns)


def _check_code(code: Sequence[CodeFile], store: LocalStore) -> None:
    for file in code:
        if file.kind is not FileKind.FILE:
            continue
        if file.digest is None:
            if file.used:
                raise CannotRestore(
                    f"the code file {file.path} cannot be restored",
                    why="it changed before it could be kept",
                    hint="run the experiment again",
                )
            continue
        _check(file.digest, file.path, store)


def _check_input(given: Input, record: Record, store: LocalStore, made: Plan) -> None:
    if given.kind is not FileKind.FILE:
        if given.digest is not None and given.kind is FileKind.FOLDER:
            _check(given.digest, given.path, store)
        return
    path = whole(given.path, record.project)
    if given.digest is None:
        if is_credential_file(path):
            if os.path.exists(path):
                made.referenced[given.path] = path
                made.from_here.append(given.path)
                return
            raise CannotRestore(
                f"the credential file {given.path} is not here",
                why="credentials are never stored",
                hint="put it in place, then replay",
            )
        raise CannotRestore(
            f"the input {given.path} cannot be restored",
            why="the record holds it by name only; see `anew show RUN` for the gap",
            hint="run the experiment again, with results written to other files",
        )
    if given.digest in store.has_many((given.digest,)):
        _check(given.digest, given.path, store)
        return
    if given.kept is Kept.VALUE:
        raise _missing(given.path, given.digest)
    if not os.path.isfile(path) or _present(path, store) != given.digest:
        there = "other bytes lie there" if os.path.isfile(path) else "there is no file"
        raise CannotRestore(
            f"the input {given.path} is held by reference, and is gone",
            why=f"{there} at {path}",
            hint=f"put the file with the digest {given.digest} back there",
        )
    made.referenced[given.path] = path


def _present(path: str, store: LocalStore) -> Digest | None:
    try:
        return store.fingerprint(path, None)
    except (OSError, AnewError):
        return None


def _check(digest: Digest, path: str, store: LocalStore) -> None:
    try:
        store.verify(digest)
    except MissingObject:
        raise _missing(path, digest) from None


def _missing(path: str, digest: Digest) -> MissingObject:
    return MissingObject(
        f"{path} is missing from the store",
        why=f"it has no object {digest}",
        hint="look for a copy with `anew verify`, or run the experiment again",
    )


def restore(
    made: Plan, record: Record, room: Path, store: LocalStore, *, mounted: bool
) -> tuple[Mount, ...]:
    """Lay code and inputs out in `room`; return what is to be mounted so that paths agree.

    Inputs held by reference are not copied: they are mounted to be read where they lie, or where
    nothing can be `mounted`, reached by a link.
    """
    layout = _Layout(record.project, room, made, record.outcome)
    (room / PROJECT).mkdir()
    for file in sorted(made.code, key=lambda each: each.path):
        if not file.path.startswith("<"):
            _put_code(file, layout.place(file.path), store)
    folders = []
    for given in made.inputs:
        if given.path.startswith("<"):
            continue
        target = layout.place(given.path)
        if given.kind is FileKind.FOLDER:
            folders.append((given, target))
        else:
            source = made.referenced.get(given.path)
            _put_input(given, target, store, source, mounted=mounted)
    for given in made.looked_at:
        _put_look(given, layout.place(given.path))
    for given, target in folders:
        _put_names(given, target, store)
    layout.make_output_folders(made.outputs)
    references = (Mount(path, path, read_only=True) for path in made.referenced.values())
    return (*layout.mounts(), *references)


def listings(made: Plan, root: str, store: LocalStore) -> bytes:
    """Return the order of listed folders, as the recorder reads it."""
    orders = {}
    for given in made.inputs:
        if given.kind is FileKind.FOLDER and given.digest is not None:
            names = [name.rstrip("/") for name in decode(store.read(given.digest), list[str])]
            orders[whole(given.path, root)] = names
    for given in made.inputs:  # a folder may be asked for by the name of a link
        if given.kind is FileKind.LINK and given.target is not None:
            path = whole(given.path, root)
            leads = os.path.normpath(os.path.join(os.path.dirname(path), given.target))
            if leads in orders:
                orders[path] = orders[leads]
    return _laid_out(orders)


def _laid_out(orders: Mapping[str, list[str]]) -> bytes:
    """Return what `probe/native/order.h` describes; nothing where there is none."""
    texts = sorted(
        b"".join(b"%s\0" % os.fsencode(each) for each in (path, *names)) + b"\0"
        for path, names in orders.items()
    )
    numbers, at = [len(texts)], 8 * (len(texts) + 1)
    for text in texts:
        numbers.append(at)
        at += len(text)
    head = b"".join(number.to_bytes(8, "little") for number in numbers)
    return head + b"".join(texts) if texts else b""


def _put_code(file: CodeFile, target: Path, store: LocalStore) -> None:
    if file.kind is FileKind.FOLDER:
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if file.kind is FileKind.LINK:
        if not os.path.lexists(target):
            target.symlink_to(file.target or "")
        return
    if file.digest is None or os.path.lexists(target):
        return
    store.restore(file.digest, target)
    if file.executable:
        target.chmod(0o755)


def _put_input(
    given: Input, target: Path, store: LocalStore, source: str | None, *, mounted: bool
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if given.kind is FileKind.LINK:
        if not os.path.lexists(target):
            target.symlink_to(given.target or "")
        return
    if os.path.lexists(target):
        target.unlink()
    if source is not None:
        if mounted:
            target.touch()
        else:
            target.symlink_to(source)
        return
    if given.digest is None:
        return
    store.restore(given.digest, target)
    target.chmod(given.mode | 0o400)
    with contextlib.suppress(OSError):
        os.utime(target, ns=(given.modified_ns, given.modified_ns))


def _put_look(given: Input, target: Path) -> None:
    """Give a file that was only looked at its size and time; its bytes nobody saw."""
    if not os.path.lexists(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
        os.truncate(target, given.size)
        target.chmod(given.mode | 0o400)
    with contextlib.suppress(OSError):
        os.utime(target, ns=(given.modified_ns, given.modified_ns))


def _put_names(given: Input, target: Path, store: LocalStore) -> None:
    """Give a folder that was listed the entries it had; those nobody read are empty."""
    target.mkdir(parents=True, exist_ok=True)
    if given.digest is None:
        return
    for name in decode(store.read(given.digest), list[str]):
        entry = target / name.rstrip("/")
        if os.path.lexists(entry):
            continue
        if name.endswith("/"):
            entry.mkdir()
        else:
            entry.touch()


def _outermost(folders: Iterable[str]) -> list[str]:
    """Return those folders that lie in no other of them.

    >>> _outermost(["/a", "/a-b", "/a/c"])
    ['/a', '/a-b']
    """
    result: list[str] = []
    for folder in sorted(folders, key=lambda each: each.split("/")):
        if not result or not inside(folder, result[-1]):
            result.append(folder)
    return result


class _Layout:
    """Which path of the original lies where in a room."""

    def __init__(self, project: str, room: Path, made: Plan, outcome: Outcome) -> None:
        self._project, self._room = project, room
        entries = (made.inputs, made.looked_at, made.outputs, made.code)
        paths = [each.path for files in entries for each in files]
        paths += [*outcome.deleted, *outcome.folders]  # never to be touched on the disk
        self._own = outcome.folders
        parents = {os.path.dirname(path) for path in paths if path.startswith("/")}
        listed = {
            each.path for each in made.inputs
            if each.kind is FileKind.FOLDER and each.path.startswith("/")
        }  # fmt: skip
        folders = sorted({self._above(folder) for folder in parents | listed})
        if len(folders) > MOST_FOLDERS:
            folders = _outermost(folders)
        self._folders = {
            folder: room / OUTSIDE / str(number) for number, folder in enumerate(folders)
        }
        self._names: dict[str, set[str]] = {folder: set() for folder in folders}
        for place in self._folders.values():
            place.mkdir(parents=True)
        for path in paths:
            self._note(path)

    def _above(self, folder: str) -> str:
        """Return `folder`, or what is above it where the run makes or removes it itself.

        A folder that is mounted is there and cannot be removed.
        """
        for own in self._own:
            if inside(folder, own):
                return os.path.dirname(own)
        return folder

    def _note(self, path: str) -> None:
        """Note which entry of which folder stands for `path`: what lies there now is hidden."""
        if path in self._folders:
            return  # seen by a mount of its own
        folder = self._known(path)
        if folder is not None:
            self._names[folder].add(path[len(folder.rstrip("/")) + 1 :].partition("/")[0])

    def _known(self, path: str) -> str | None:
        """Return the folder that is laid out and holds `path`, the innermost."""
        while path.startswith("/") and path not in self._folders and path != "/":
            path = os.path.dirname(path)
        return path if path in self._folders else None

    def place(self, path: str) -> Path:
        """Return where a path of the record lies in the room."""
        if not path.startswith("/"):
            return self._room / PROJECT if path == "." else self._room / PROJECT / path
        folder = self._known(path)
        if folder is None:
            return self._room / OUTSIDE / path.lstrip("/")
        return self._folders[folder] / path[len(folder.rstrip("/")) :].lstrip("/")

    def make_output_folders(self, outputs: Iterable[Output]) -> None:
        """Make no folder that the script makes itself: only those that had to be there."""
        for output in outputs:
            folder = os.path.dirname(output.path)
            if folder.startswith("/") and not any(inside(folder, own) for own in self._own):
                self.place(output.path).parent.mkdir(parents=True, exist_ok=True)

    def mounts(self) -> tuple[Mount, ...]:
        """Return the mounts that make each path of the original lead into the room."""
        outside = [
            Mount(str(place), folder, around=True, hidden=tuple(sorted(self._names[folder])))
            for folder, place in self._folders.items()
        ]
        return (*outside, Mount(str(self._room / PROJECT), self._project))
