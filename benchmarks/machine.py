"""The machine that the figures are of, in one line."""

import os
import platform
from pathlib import Path


def described() -> str:
    """Return CPU, cores, memory, system and Python, and how busy the machine is."""
    load = os.getloadavg()[0]
    return (
        f"{_cpu()} · {len(os.sched_getaffinity(0))} cores · {_memory()} · "
        f"{platform.system()} {platform.release()} · Python {platform.python_version()} · "
        f"load {load:.1f} at the start"
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB"
