"""Process: who wrote something, told apart across hosts, boots, containers and reused ids."""

import os
import re
from functools import cache
from pathlib import Path

from msgspec import Struct

from anew.model.digest import PREFIX, digest_bytes

SEPARATOR = "~"
_FIELDS = 6


class Process(Struct, frozen=True):
    """One process of one host. Equal values are the same process, and no later one.

    `boot` and `namespace` are empty, and `start` is 0, where the system does not tell them;
    nothing can be proved about such a process. `start` in clock ticks since the boot.
    """

    host: str
    machine: str
    boot: str
    namespace: str
    pid: int
    start: int

    @property
    def name(self) -> str:
        """A form of it that can be part of a file name."""
        parts = (self.host, self.machine, self.boot, self.namespace, self.pid, self.start)
        return SEPARATOR.join(str(part) for part in parts)

    def is_neighbour(self, other: "Process") -> bool:
        """Say whether both live under one kernel and see the same process ids."""
        return bool(self.boot and self.start) and (self.boot, self.namespace) == (
            other.boot,
            other.namespace,
        )

    def is_before_reboot(self, other: "Process") -> bool:
        """Say whether `self` ran on the machine of `other` before that was started again."""
        known = bool(self.boot and other.boot and self.machine)
        same = (self.host, self.machine) == (other.host, other.machine)
        return known and same and self.boot != other.boot

    def is_gone(self, me: "Process") -> bool:
        """Say whether it is provably no longer there, as seen by `me`."""
        if self.is_neighbour(me):
            return process_start(self.pid) != self.start
        return self.is_before_reboot(me)


def parse_process(name: str) -> Process | None:
    """Return the process that `Process.name` begins `name`, or None where it is no such name."""
    parts = name.split(SEPARATOR)
    if len(parts) < _FIELDS or not (parts[4].isdigit() and parts[5].isdigit()):
        return None
    return Process(parts[0], parts[1], parts[2], parts[3], int(parts[4]), int(parts[5]))


def this_process() -> Process:
    """Return the process we are."""
    pid = os.getpid()
    return Process(host_name(), machine_id(), _boot(), _namespace(), pid, process_start(pid) or 0)


def process_start(pid: int) -> int | None:
    """Return when process `pid` started, 0 if unknown; None if it is not there, or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _start_without_proc(pid)
    except ProcessLookupError:
        return None
    except OSError:
        return 0
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def _start_without_proc(pid: int) -> int | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        return 0
    return 0


@cache
def host_name() -> str:
    """Return this host's name, as far as it can be part of a file name."""
    return re.sub(r"[^A-Za-z0-9.-]", "-", os.uname().nodename).strip(".-")[:64] or "host"


@cache
def machine_id() -> str:
    """Return eight digits that tell machines of one name apart."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        text = _text(path)
        if text:
            break
    else:
        import uuid  # noqa: PLC0415 - 6 ms that few machines need

        text = f"{uuid.getnode():012x}"
    return digest_bytes(text.encode())[len(PREFIX) :][:8]


@cache
def _boot() -> str:
    return _text("/proc/sys/kernel/random/boot_id").replace("-", "")


def _namespace() -> str:
    try:
        link = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
    return re.sub(r"[^0-9]", "", link)


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
