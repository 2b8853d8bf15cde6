"""Files that are not told of: the kernel's, our own, and those that the settings name."""

from __future__ import annotations

from . import inject, state

_MEMORY = "/dev/shm/"  # a folder like any other, though it lies among the devices
_folders: tuple[str, ...] = ()
_ours: tuple[tuple[str, int], ...] = ()  # folders of ours, as padded, and less than 0: how long


def begin() -> None:
    """Learn which folders those are."""
    global _folders, _ours
    own = state.site.rpartition("/")[0]
    _ours = tuple(
        [(f"{each}/", inject.start_of(each) - len(each) - 1) for each in (state.spool, own)]
    )
    named = [folder.rstrip("/") + "/" for folder in state.texts("ignore")]
    _folders = ("/proc/", "/sys/", "/dev/", *named)


def is_ignored(path: str) -> bool:
    """Say whether an absolute path lies there."""
    if path.startswith(_folders):
        return not path.startswith(_MEMORY)
    for folder, length in _ours:  # noqa: SIM110 - a generator costs more than what it does here
        if path.startswith(folder[length:]):
            return True
    return False
