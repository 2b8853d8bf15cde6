"""Puts the files of a room where the original had them: mount namespaces, by system calls."""

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anew.execute import room_calls as calls
from anew.execute.protocol import Mount
from anew.execute.room_calls import MS_BIND, MS_PRIVATE, MS_REC

MOST_ENTRIES = 4096  # of a folder rebuilt in memory; beyond, entries are reached by links


def enter(mounts: tuple[Mount, ...], scratch: Path) -> bool:
    """Move this process into a view of the file system with `mounts` in place.

    Returns False, with nothing changed, where the system allows no such view.
    """
    if not _unshare():
        return False
    calls.mount(None, "/", MS_REC | MS_PRIVATE)
    scratch.mkdir(exist_ok=True)
    view = _View(scratch)
    # Sources may be hidden by what is mounted over their parents: hold each by a descriptor.
    held = [(os.open(mount.source, os.O_PATH), mount) for mount in mounts]
    for descriptor, mount in sorted(held, key=lambda pair: pair[1].target.rstrip("/").count("/")):
        source = f"/proc/self/fd/{descriptor}"
        if mount.target == "/":
            view.new_root(source, frozenset(mount.hidden))
            continue
        if mount.around and os.path.isdir(mount.target):
            view.surround(mount, source)
        else:
            view.make_place(mount.target, is_folder=stat.S_ISDIR(os.fstat(descriptor).st_mode))
        calls.mount(source, mount.target, MS_BIND | MS_REC)
        if mount.read_only:
            calls.make_read_only(mount.target)
        view.ours[mount.target] = True
        os.close(descriptor)
    view.drop_old_roots()
    return True


def possible() -> bool:
    """Say whether `enter` would work here, by trying it in a child."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if _unshare() and _try_mount() else 1)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return status == 0


def _try_mount() -> bool:
    calls.mount(None, "/", MS_REC | MS_PRIVATE)
    calls.mount("tmpfs", "/proc/self/cwd", 0, "tmpfs")
    return True


def _unshare() -> bool:
    user, group = os.getuid(), os.getgid()
    try:
        if user == 0:
            with contextlib.suppress(OSError):
                calls.unshare(calls.CLONE_NEWNS)
                return True
        calls.unshare_user(calls.CLONE_NEWNS, user, group)
    except OSError:
        return False
    return True


class _View:
    """Makes places to mount on without touching the disk."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._count = self._old_roots = 0
        # Mounts by path: True for what is the room's or in memory, False for what lies on the disk.
        self.ours: dict[str, bool] = {}

    def make_place(self, target: str, *, is_folder: bool) -> None:
        """Make `target` exist as a folder or file, in memory where it does not."""
        if os.path.lexists(target) and os.path.isdir(target) == is_folder:
            return
        parent = os.path.dirname(target)
        while not os.path.isdir(parent):
            parent = os.path.dirname(parent)
        if not self._is_ours(parent):
            self._rebuild(parent)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if is_folder:
            os.mkdir(target)
        else:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY))

    def _is_ours(self, folder: str) -> bool:
        """Say whether what is made in `folder` does not reach the disk: its nearest mount tells."""
        while folder not in self.ours and folder != "/":
            folder = os.path.dirname(folder)
        return self.ours.get(folder, False)

    def surround(self, mount: Mount, source: str) -> None:
        """Mount what else lies at the target into the folder that will be seen there."""
        with _held(mount.target) as original:
            self._put_back(original, source, mount.target, frozenset(mount.hidden))
            os.chmod(source, stat.S_IMODE(os.stat(original).st_mode))

    def _rebuild(self, folder: str) -> None:
        """Lay a folder in memory over `folder`, with all its entries mounted back."""
        if folder == "/":
            self.new_root(None)
            return
        status = os.stat(folder)
        with _held(folder) as original:
            calls.mount("tmpfs", folder, 0, "tmpfs")
            os.chmod(folder, stat.S_IMODE(status.st_mode))
            self._put_back(original, folder, folder)
        self.ours[folder] = True

    def new_root(self, source: str | None, hidden: frozenset[str] = frozenset()) -> None:
        """Show what lies at the root in `source`, a folder in memory for None, and move there."""
        new = self._stash()
        if source is None:
            calls.mount("tmpfs", new, 0, "tmpfs")
        else:
            calls.mount(source, new, MS_BIND | MS_REC)
        self._put_back("/", new, "/", hidden)
        self.ours["/"] = True
        os.chdir(new)
        calls.pivot_root()
        self._old_roots += 1
        os.chdir("/")

    def drop_old_roots(self) -> None:
        """Let go of what was the root: what was held by a descriptor lies in it until now."""
        for _ in range(self._old_roots):
            calls.drop_old_root()

    def _put_back(
        self, source: str, folder: str, target: str, hidden: frozenset[str] = frozenset()
    ) -> None:
        """Show in `folder`, which will be seen at `target`, what lies in `source`."""
        found = [entry for entry in _entries(source) if entry.name not in hidden]
        beyond = ""
        for position, entry in enumerate(found):
            place = f"{folder.rstrip('/')}/{entry.name}"
            if not os.path.lexists(entry.path):
                continue  # it has just been removed
            if os.path.lexists(place) and not _is_stand_in(entry, place):
                continue
            if os.path.isfile(place) and position >= MOST_ENTRIES:
                continue  # its name is there, and that is all that the run is known to have seen
            if entry.is_symlink():
                if os.path.isdir(place):
                    os.rmdir(place)
                elif os.path.lexists(place):
                    os.unlink(place)
                os.symlink(os.readlink(entry.path), place)
            elif position >= MOST_ENTRIES and not os.path.lexists(place):
                if not beyond:
                    beyond = self._stash()
                    calls.mount(source, beyond, MS_BIND)  # not what is mounted over it: that is us
                os.symlink(f"{beyond}/{entry.name}", place)
            elif entry.is_dir():
                os.makedirs(place, exist_ok=True)
                calls.mount(entry.path, place, MS_BIND | MS_REC)
                self.ours[f"{target.rstrip('/')}/{entry.name}"] = False
            else:
                os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
                calls.mount(entry.path, place, MS_BIND)

    def _stash(self) -> str:
        self._count += 1
        stash = self._scratch / str(self._count)
        stash.mkdir()
        return str(stash)


@contextmanager
def _held(folder: str) -> Iterator[str]:
    """Give a path to `folder` as it is now, which stays good when something is mounted over it."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except PermissionError:
        if os.access(folder, os.X_OK):
            raise  # what it holds can be reached by name
        return []  # nothing in it can be seen by who we are


def _is_stand_in(entry: os.DirEntry[str], place: str) -> bool:
    """Say whether an entry of the room is an empty one that stands for what lies on the disk.

    Listed folders are given the names they had; files of the record are none of `entry`.
    """
    if os.path.islink(place):
        return False
    if os.path.isdir(place):
        return entry.is_dir() and not os.listdir(place)
    return not entry.is_dir() and os.path.isfile(place) and not os.path.getsize(place)
