"""beside: large inputs are taken in while the program runs, so that the seal need not read them.

Nothing is believed that the seal does not check: what is learnt here goes to the cache of digests
by state, or into the store, and counts if the file still is in the state it was read in.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from anew.execute.beside import PAUSE, Beside
from anew.facets.holding import Holder
from anew.model.errors import AnewError
from anew.model.recipe import Request
from anew.store.copying import stamp_at
from anew.store.durable import replace_whole
from anew.store.local import LocalStore
from anew.store.stamps import SETTLED
from anew.trace.places import short
from anew.trace.rules import LIBRARIES
from anew.verbs import opening
from anew.verbs.opening import Before
from anew.verbs.workspace import Workspace

if TYPE_CHECKING:
    from anew.trace.roles import Roles

NOTES = Path("native", "large")  # in the spool: paths that programs opened, each ended by NUL
DONE = "beside"
LARGE = 8 << 20  # bytes, as in probe/native/files.h
PATIENCE = 15.0  # seconds without a new note, after which the process ends
NANOSECONDS = 1_000_000_000


class Done(Struct):
    """What came of it: bytes that were `hashed`, and of these `added` to the store."""

    hashed: int = 0
    added: int = 0


def prepare(workspace: Workspace, request: Request, before: Before, spool: Path) -> Beside | None:
    """Return what takes inputs in beside the program; None where it cannot be, or is not wanted."""
    if not before.settings.beside or before.mounts or request.replay_of is not None:
        return None
    try:
        (spool / NOTES).touch(mode=0o600)
    except OSError:
        return None
    workspace.store.close()  # SQLite's state cannot be taken along by a fork; it is opened again
    return Beside(str(spool / NOTES), lambda: _work(workspace, request, before, spool))


def was_at_work(spool: Path) -> bool:
    """Say whether a process may have begun to take inputs in."""
    try:
        return os.stat(spool / NOTES).st_size > 0
    except OSError:
        return False


def done(spool: Path) -> Done:
    """Return what was taken in beside the program."""
    try:
        return msgspec.json.decode((spool / DONE).read_bytes(), type=Done)
    except (OSError, msgspec.DecodeError):
        return Done()


def _work(workspace: Workspace, request: Request, before: Before, spool: Path) -> None:
    """Take in what notes tell of, until there was none for a while or the disk is full."""
    from anew.trace.roles import Roles  # noqa: PLC0415 - hardly ever is there work

    roles = Roles(opening.places(workspace, spool, request, before, ()), before.settings.rules)
    with LocalStore(workspace.root, workspace.cache) as store:
        batch = store.begin()
        added = done(spool).added
        holder = Holder(store, batch, request.options.keep, before.settings.limits, added=added)
        base = done(spool).hashed
        for path in _noted(spool / NOTES):
            if not _is_data(path, roles):
                continue
            try:
                _take(path, short(path, request.project), before.began, holder)
                batch.commit()
            except (AnewError, OSError):
                return  # the seal will say what it is
            _write(spool, Done(base + store.hashed, holder.added))
            if holder.full:
                return


def _noted(notes: Path) -> Iterator[str]:
    """Yield each path that is noted, once."""
    seen: set[bytes] = set()
    rest, waited = b"", 0.0
    with notes.open("rb") as stream:
        while waited < PATIENCE:
            data = stream.read(1 << 16)
            if not data:
                time.sleep(PAUSE)
                waited += PAUSE
                continue
            waited = 0.0
            *paths, rest = (rest + data).split(b"\0")
            for path in paths:
                if path not in seen:
                    seen.add(path)
                    yield os.fsdecode(path)


def _is_data(path: str, roles: Roles) -> bool:
    """Say whether a file counts as one of the run's own, by all that is known of it yet."""
    for name in (os.path.normpath(path), os.path.realpath(path)):
        rule = roles.rule_of(name)
        if "/site-packages/" in name or not (rule.here or rule is LIBRARIES):
            return False
    return True


def _take(path: str, shown: str, began: int, holder: Holder) -> None:
    stamp = stamp_at(path)
    if stamp is None or not stat.S_ISREG(stamp.mode) or stamp.size < LARGE:
        return
    latest = max(stamp.modified, stamp.changed)
    if latest >= began or not holder.store.can_remember(stamp):
        return  # the run's own, maybe: it may go on writing to it; or on a network
    until = latest + SETTLED - time.time_ns()
    if until > 0:
        time.sleep(until / NANOSECONDS + PAUSE)
    holder.hold("inputs", shown, path, stamp)


def _write(spool: Path, found: Done) -> None:
    replace_whole(spool / DONE, msgspec.json.encode(found))
