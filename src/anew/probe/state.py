"""What this process knows of itself as a part of the run: spool, settings, role."""

from __future__ import annotations

import posix

spool = ""  # empty: nothing is recorded
site = ""  # the folder in front of PYTHONPATH
settings: dict[str, str] = {}
root = ""  # hex text; empty: hidden draws are left alone
started = 0  # wall clock of the run's start, ns
how = "exec"
natively = False  # our C library is in this process and sees its files


def read(folder: str) -> None:
    """Read what the launcher wrote for us.

    Raises:
        OSError: there is no spool.
    """
    global spool, started, root
    data = b""
    descriptor = posix.open(folder + "/settings", posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        started = posix.fstat(descriptor).st_mtime_ns
        while True:
            part = posix.read(descriptor, 65536)
            if not part:
                break
            data += part
    finally:
        posix.close(descriptor)
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        name, mark, value = line.partition("=")
        if mark:
            settings[name] = _plain(value) if "\\" in value else value
    root = settings.get("root", "")
    spool = folder


def _plain(value: str) -> str:
    return "\\".join(part.replace("\\n", "\n") for part in value.split("\\\\"))


def is_replay() -> bool:
    """Say whether this run repeats a recorded one."""
    return settings.get("mode") == "replay"


def integer(name: str, default: int) -> int:
    """Return a whole number of the settings."""
    value = settings.get(name, "")
    return int(value) if value.isdigit() else default


def texts(name: str) -> list[str]:
    """Return a list of folders of the settings."""
    return [item for item in settings.get(name, "").split(":") if item]
