"""Limits of memory and cores: by a control group where one can be made, else process by process."""

import contextlib
import os
import resource

ROOT = "/sys/fs/cgroup"
PERIOD = 100_000  # µs


def limit(memory: int | None, cores: int | None, name: str) -> tuple[str, ...]:
    """Limit this process, and all it starts; return in words how.

    `name` is that of the control group: `release` takes it away.
    """
    said = []
    group = _group(name, memory, cores) if memory or cores else ""
    if memory and group and _set(f"{group}/memory.max", str(memory)):
        said.append(f"memory {memory} B by a control group")
    elif memory:
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        allowed = memory if most == resource.RLIM_INFINITY else min(memory, most)
        resource.setrlimit(resource.RLIMIT_DATA, (allowed, most))
        said.append(f"memory {allowed} B of each process (no control group can be made here)")
    if cores:
        present = sorted(os.sched_getaffinity(0))
        if len(present) > cores:
            os.sched_setaffinity(0, present[:cores])
        quota = bool(group) and _set(f"{group}/cpu.max", f"{cores * PERIOD} {PERIOD}")
        by = "a control group and by affinity" if quota else "affinity"
        few = f"; only {len(present)} are here" if len(present) < cores else ""
        said.append(f"{cores} cores by {by}{few}")
    if group:
        _set(f"{group}/cgroup.procs", "0")
    return tuple(said)


def release(name: str) -> None:
    """Take the control group away again; nothing may be left in it."""
    with contextlib.suppress(OSError):
        os.rmdir(_path(name))


def _path(name: str) -> str:
    return f"{_own()}/anew-{name}"


def _own() -> str:
    """Return the folder of the control group (version 2) that this process is in."""
    try:
        with open("/proc/self/cgroup", encoding="ascii") as stream:
            lines = stream.read().splitlines()
    except OSError:
        return ROOT
    found = [line[3:] for line in lines if line.startswith("0::")]
    return (ROOT + found[0]).rstrip("/") if found else ROOT


def _group(name: str, memory: int | None, cores: int | None) -> str:
    """Make a control group that can limit what is asked; return its folder, or nothing."""
    wanted = {word for word, asked in (("memory", memory), ("cpu", cores)) if asked}
    try:
        with open(f"{_own()}/cgroup.subtree_control", encoding="ascii") as stream:
            able = set(stream.read().split())
        if not wanted & able:
            return ""
        os.mkdir(_path(name))
    except OSError:
        return ""
    return _path(name)


def _set(path: str, value: str) -> bool:
    try:
        with open(path, "w", encoding="ascii") as stream:
            stream.write(value)
    except OSError:
        return False
    return True
