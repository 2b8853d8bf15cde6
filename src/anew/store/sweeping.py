"""Sweeping: remove what writers left behind that died before they could commit."""

import shutil
import time
from pathlib import Path

from anew.store.process import parse_process, this_process

ABANDONED_SECONDS = 30 * 24 * 3600.0


def sweep(temporary: Path) -> int:
    """Remove the folders of writers that are provably dead; return how many there were.

    A writer of another host, one in another container, and what has another kind of name, is
    given up after thirty days in which its folder did not change.
    """
    me = this_process()
    removed = 0
    for folder in list(temporary.iterdir()):
        writer = parse_process(folder.name)
        if (writer is not None and writer.is_gone(me)) or _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _is_abandoned(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > ABANDONED_SECONDS
    except FileNotFoundError:
        return True
