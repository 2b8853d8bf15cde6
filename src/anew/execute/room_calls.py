"""System calls that Python has no function for: namespaces, mounts, host name, capabilities."""

import ctypes
import fcntl
import os
import signal
import struct
from pathlib import Path

# From <linux/sched.h>, <linux/mount.h>, <linux/personality.h>, <linux/prctl.h>, <linux/sockios.h>.
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2
ADDR_NO_RANDOMIZE = 0x0040000
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 24, 36, 38
SYS_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}
IOPRIO_WHO_PROCESS, IOPRIO_IDLE = 1, 3 << 13  # from <linux/ioprio.h>
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 1, 0x40
# By which a process could leave its room, or change the machine: from <linux/capability.h>.
CAP_NET_ADMIN, CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_PTRACE, CAP_SYS_ADMIN = 12, 16, 17, 19, 21
CAP_SYS_BOOT, CAP_SYS_TIME, CAP_MKNOD, CAP_SYSLOG, CAP_PERFMON, CAP_BPF = 22, 25, 27, 34, 38, 39
TOO_MUCH = (
    CAP_NET_ADMIN, CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_SYS_BOOT,
    CAP_SYS_TIME, CAP_MKNOD, CAP_SYSLOG, CAP_PERFMON, CAP_BPF,
)  # fmt: skip

_libc = ctypes.CDLL(None, use_errno=True)


def fix_addresses() -> bool:
    """Switch address-space randomisation off for what this process becomes; say if it worked."""
    before = _libc.personality(0xFFFFFFFF)
    return before != -1 and bool(_libc.personality(before | ADDR_NO_RANDOMIZE) != -1)


def unshare(flags: int) -> None:
    """Move this process, and those it starts, into new namespaces."""
    if _libc.unshare(flags) != 0:
        raise _failed("unshare")


def unshare_user(flags: int, user: int, group: int) -> None:
    """Move this process into a new user namespace, as `user` and `group`, and those of `flags`."""
    outer, outer_group = os.getuid(), os.getgid()
    unshare(CLONE_NEWUSER | flags)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {outer} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {outer_group} 1")


def mount(
    source: str | None, target: str, flags: int, kind: str | None = None, options: str = ""
) -> None:
    """Put `source`, or a new file system of that kind, at `target`."""
    done = _libc.mount(
        os.fsencode(source) if source is not None else None,
        os.fsencode(target),
        kind.encode() if kind is not None else None,
        ctypes.c_ulong(flags),
        options.encode() if options else None,
    )
    if done != 0:
        raise _failed(f"mount {target}")


def make_read_only(target: str) -> None:
    """Make what is mounted at `target` read-only.

    A user namespace may not take nosuid, nodev and noexec away; they are the same bits in statvfs
    and in mount(2).
    """
    kept = os.statvfs(target).f_flag & (os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC | os.ST_NOATIME
                                        | os.ST_NODIRATIME | os.ST_RELATIME)  # fmt: skip
    mount(None, target, MS_REMOUNT | MS_BIND | MS_RDONLY | kept)


def pivot_root() -> None:
    """Make the working directory the root; the old root lies over it until `drop_old_root`."""
    number = SYS_PIVOT_ROOT[os.uname().machine]
    if _libc.syscall(number, b".", b".") != 0:
        raise _failed("pivot_root")


def drop_old_root() -> None:
    """Take away the old root that lies over the working directory."""
    if _libc.umount2(b".", MNT_DETACH) != 0:
        raise _failed("umount of the old root")


def name_host(name: str) -> None:
    """Call this machine `name`, in this host name's namespace."""
    data = os.fsencode(name)[:64]
    if _libc.sethostname(data, len(data)) != 0:
        raise _failed(f"sethostname {name}")


def raise_loopback() -> None:
    """Let the processes of a new network namespace reach each other."""
    import socket  # noqa: PLC0415 - slow to load, and only a clean room needs it

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP | IFF_RUNNING))


def die_with_parent() -> None:
    """Be killed when the process that started this one ends."""
    _libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def read_when_idle() -> None:
    """Let this process read from disks only when nobody else does, where that can be had."""
    number = SYS_IOPRIO_SET.get(os.uname().machine)
    if number is not None:
        _libc.syscall(number, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE)


def adopt_orphans() -> None:
    """Become the parent of those below this process whose own parent ends."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def give_up_powers() -> None:
    """Make sure that no program started from here can undo what was mounted."""
    for capability in TOO_MUCH:
        _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails where this kernel has no such one
    if _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise _failed("prctl")


def _failed(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")
