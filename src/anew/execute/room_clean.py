"""A clean room: a root of its own with nothing in view but what a job names, and no network."""

import contextlib
import os
import signal
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from anew.execute import room_calls as calls
from anew.execute.protocol import Isolation, Mount
from anew.execute.room_calls import MS_BIND, MS_PRIVATE, MS_REC

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
STREAMS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}
DESCRIPTORS = 1 << 20


def begin(room: Isolation) -> int:
    """Make the processes that this one starts from now on strangers to all others.

    Returns the pid of the first of them, which takes in orphans; when it is killed, all go.

    Raises:
        OSError: the system does not allow it.
    """
    as_itself = os.getuid() == 0 and (room.user, room.group) == (0, os.getgid())
    if not as_itself or not _privileged():
        calls.unshare_user(calls.CLONE_NEWPID, room.user, room.group)
    keeper = os.fork()
    if keeper == 0:
        _keep()
    return keeper


def _privileged() -> bool:
    """Make the new process namespace as root may; root in a container may not."""
    try:
        calls.unshare(calls.CLONE_NEWPID)
    except OSError:
        return False
    return True


def _keep() -> None:
    """Be the first process of the room: take in orphans until killed, and hold nothing open."""
    try:
        calls.die_with_parent()
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGCHLD,))
        os.closerange(0, DESCRIPTORS)
        os.chdir("/")
        while True:
            signal.sigwait((signal.SIGCHLD,))
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG) != (0, 0):
                    pass
    finally:
        os._exit(1)


def end(keeper: int) -> None:
    """Kill whatever is left in the room."""
    with contextlib.suppress(OSError):
        os.kill(keeper, signal.SIGKILL)
        os.waitpid(keeper, 0)


def enter(room: Isolation, mounts: Sequence[Mount], scratch: Path, terminal: str = "") -> None:
    """Move this process, started since `begin`, into a root that shows `mounts` and `room`.

    Raises:
        OSError: something could not be put in place; the process must not go on.
    """
    calls.unshare(calls.CLONE_NEWNS | calls.CLONE_NEWUTS | calls.CLONE_NEWIPC | calls.CLONE_NEWNET)
    calls.mount(None, "/", MS_REC | MS_PRIVATE)
    calls.raise_loopback()
    if room.host:
        calls.name_host(room.host)
    scratch.mkdir(exist_ok=True)
    builder = _Root(room, mounts)
    builder.begin(str(scratch))
    builder.make_devices(room.devices, terminal)
    builder.fill()
    for path in room.fixed:
        calls.mount(path, path, MS_BIND)
        calls.make_read_only(path)
    calls.drop_old_root()
    calls.give_up_powers()


def why_impossible() -> str:
    """Return why no clean room can be made here, found out by making one; empty where it can."""
    hears, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _try(told)
        except OSError as error:
            os.write(told, str(error).encode("utf-8", "replace"))
        finally:
            os._exit(1)
    os.close(told)
    with open(hears, "rb") as stream:
        why = stream.read().decode("utf-8", "replace")
    os.waitpid(child, 0)
    return why


def _try(told: int) -> None:
    keeper = begin(Isolation(user=os.getuid(), group=os.getgid()))
    child = os.fork()
    if child == 0:
        try:
            calls.unshare(calls.CLONE_NEWNS | calls.CLONE_NEWUTS | calls.CLONE_NEWIPC
                          | calls.CLONE_NEWNET)  # fmt: skip
            calls.mount(None, "/", MS_REC | MS_PRIVATE)
            calls.raise_loopback()
            calls.mount("proc", "/proc", calls.MS_NOSUID | calls.MS_NODEV, "proc")
            calls.mount("tmpfs", "/proc/self/cwd", 0, "tmpfs")
        except OSError as error:
            os.write(told, str(error).encode("utf-8", "replace"))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    end(keeper)


class _Root:
    """Builds the root of a room, in memory where no mount of the job lies at `/`."""

    def __init__(self, room: Isolation, mounts: Sequence[Mount]) -> None:
        self._room = room
        self._mounts = [mount for mount in mounts if mount.target != "/"]
        self._at_root = next((mount.source for mount in mounts if mount.target == "/"), None)
        self._old = ""
        places = [*self._mounts, *room.lent]
        self._targets = {mount.target for mount in places} | {path for path, _ in room.texts}
        self._targets |= {path for path, _ in room.links}

    def begin(self, place: str) -> None:
        """Move into the new root, with the processes of the room at /proc."""
        old = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        if self._at_root is None:
            calls.mount("tmpfs", place, calls.MS_NOSUID, "tmpfs", "mode=755")
        else:
            calls.mount(self._at_root, place, MS_BIND | MS_REC)
        processes = f"{place}/proc"
        os.makedirs(processes, exist_ok=True)
        safe = calls.MS_NOSUID | calls.MS_NODEV | calls.MS_NOEXEC
        calls.mount("proc", processes, safe, "proc")
        os.chdir(place)
        calls.pivot_root()
        self._old = f"/proc/self/fd/{old}"

    def make_devices(self, more: Sequence[str], terminal: str) -> None:
        """Fill /dev with what no program can do without, and with `more`."""
        os.makedirs("/dev", exist_ok=True)
        calls.mount("tmpfs", "/dev", calls.MS_NOSUID, "tmpfs", "mode=755")
        devices = [(f"/dev/{name}", f"/dev/{name}") for name in DEVICES]
        devices += [(path, path) for path in more]
        devices += [(terminal, "/dev/console")] if terminal else []
        for source, target in devices:
            if os.path.exists(self._old + source):
                _make_place(target, is_folder=os.path.isdir(self._old + source))
                calls.mount(self._old + source, target, MS_BIND | MS_REC)
        for name, descriptor in STREAMS.items():
            os.symlink(f"/proc/self/fd{descriptor}", f"/dev/{name}")
        os.mkdir("/dev/pts")
        calls.mount("devpts", "/dev/pts", calls.MS_NOSUID | calls.MS_NOEXEC, "devpts",
                    "newinstance,ptmxmode=0666,mode=620")  # fmt: skip
        os.symlink("pts/ptmx", "/dev/ptmx")
        os.mkdir("/dev/shm")
        calls.mount("tmpfs", "/dev/shm", calls.MS_NOSUID | calls.MS_NODEV, "tmpfs", "mode=1777")

    def fill(self) -> None:
        """Put every mount in place, the outer before the inner; what is lent first."""
        lent = {id(mount) for mount in self._room.lent}
        for mount in sorted([*self._room.lent, *self._mounts], key=_depth):
            source = self._old + mount.source
            if id(mount) in lent:
                self._lend(source, mount.target)
                continue
            _make_place(mount.target, is_folder=os.path.isdir(source))
            calls.mount(source, mount.target, MS_BIND | MS_REC)
            if mount.read_only:
                calls.make_read_only(mount.target)
        for path, target in self._room.links:
            if not os.path.lexists(path):
                _make_parent(path)
                os.symlink(target, path)
        for path, text in self._room.texts:
            _make_place(path, is_folder=False)
            with open(path, "w", encoding="utf-8", errors="surrogateescape") as stream:
                stream.write(text)

    def _lend(self, source: str, target: str) -> None:
        """Show a part of this machine, to be read only, around what else is mounted inside it."""
        if os.path.islink(source):
            _clear(target)
            if not os.path.lexists(target):
                _make_parent(target)
                os.symlink(os.readlink(source), target)
            return
        within = target.rstrip("/") + "/"
        if not any(other.startswith(within) for other in self._targets):
            _make_place(target, is_folder=os.path.isdir(source))
            calls.mount(source, target, MS_BIND | MS_REC)
            calls.make_read_only(target)
            return
        _make_place(target, is_folder=True)
        for entry in _entries(source):
            if within + entry not in self._targets:
                self._lend(f"{source}/{entry}", within + entry)


def _depth(mount: Mount) -> int:
    return mount.target.rstrip("/").count("/")


def _entries(folder: str) -> Iterator[str]:
    with os.scandir(folder) as found:
        names = sorted(entry.name for entry in found)
    yield from names


def _make_parent(path: str) -> None:
    os.makedirs(os.path.realpath(os.path.dirname(path)), exist_ok=True)


def _make_place(target: str, *, is_folder: bool) -> None:
    """Make `target` exist as a folder or file to mount on."""
    if os.path.exists(target) and os.path.isdir(target) == is_folder:
        return
    _clear(target)
    _make_parent(target)
    if is_folder:
        os.makedirs(os.path.realpath(target), exist_ok=True)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def _clear(target: str) -> None:
    """Take away an empty stand-in of another kind that a listed folder was given."""
    try:
        status = os.lstat(target)
    except OSError:
        return
    with contextlib.suppress(OSError):
        if stat.S_ISDIR(status.st_mode):
            os.rmdir(target)
        elif stat.S_ISREG(status.st_mode) and not status.st_size:
            os.unlink(target)
