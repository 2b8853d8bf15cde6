"""Mounts: on which devices a stamp proves nothing: on a network, or made up by the kernel."""

from pathlib import Path

_NETWORK = frozenset(
    (
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "orangefs",
        "panfs",
        "prl_fs",
        "pvfs2",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
        "vmhgfs",
        "wekafs",
    )
)


_MADE_UP = frozenset(
    (
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "debugfs",
        "devpts",
        "efivarfs",
        "fusectl",
        "mqueue",
        "proc",
        "pstore",
        "securityfs",
        "selinuxfs",
        "sysfs",
        "tracefs",
    )
)


class Mounts:
    """The mounted file systems by device number, read when first asked."""

    def __init__(self, table: Path = Path("/proc/self/mountinfo")) -> None:
        self._table = table
        self._types: dict[int, str] | None = None
        self._answers: dict[int, bool] = {}

    def keep_time(self, device: int) -> bool:
        """Say whether the same stamp is the same content on `device`, as stat gives it."""
        answer = self._answers.get(device)
        if answer is None:
            answer = self._answers[device] = self._look_up(device)
        return answer

    def _look_up(self, device: int) -> bool:
        if self._types is None or device not in self._types:
            self._types = self._read()
        if not self._types:
            return False
        # A device that is not listed is a part of one: btrfs gives each subvolume its own.
        kind = self._types.get(device, "")
        return kind not in _NETWORK | _MADE_UP and not kind.startswith("fuse.")

    def _read(self) -> dict[int, str]:
        try:
            text = self._table.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return {}
        types = {}
        for line in text.splitlines():
            left, _, right = line.partition(" - ")
            major, _, minor = left.split()[2].partition(":")
            types[_device(int(major), int(minor))] = right.split()[0]
        return types


def _device(major: int, minor: int) -> int:
    """Return the number that stat shows, as glibc's `makedev` builds it."""
    return (minor & 0xFF) | (major & 0xFFF) << 8 | (minor & ~0xFF) << 12 | (major & ~0xFFF) << 32
