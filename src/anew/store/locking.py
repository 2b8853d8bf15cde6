"""Locking: many may add to a store at once, and nobody while objects are dropped."""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anew.model.errors import StoreUnusable
from anew.store.durable import PRIVATE_FILE

WAIT_SECONDS = 30.0
_PAUSE = 0.05
_NO_LOCKS = frozenset((errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL))


def share(path: Path, wait: float = WAIT_SECONDS) -> int:
    """Return a descriptor that keeps objects from being dropped until it is closed.

    Raises:
        StoreUnusable: objects were being dropped for all of `wait` seconds.
    """
    return _lock(path, fcntl.LOCK_SH, wait, "objects are being removed from it")


@contextmanager
def alone(path: Path, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Keep everybody else from adding to the store and from removing from it.

    Raises:
        StoreUnusable: somebody was adding for all of `wait` seconds.
    """
    file = _lock(path, fcntl.LOCK_EX, wait, "a run is being stored in it")
    try:
        yield
    finally:
        os.close(file)


def _lock(path: Path, kind: int, wait: float, why: str) -> int:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    end = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _NO_LOCKS and kind == fcntl.LOCK_SH:
                return file  # such a store refuses to drop, so there is nothing to fear
            if error.errno not in (errno.EWOULDBLOCK, errno.EINTR):
                os.close(file)
                raise
        else:
            return file
        if time.monotonic() > end:
            os.close(file)
            raise StoreUnusable(
                f"the store at `{path.parent}` is in use", why=why, hint="try again when it is done"
            )
        time.sleep(_PAUSE)
