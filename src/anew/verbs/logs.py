"""logs: what a run wrote to its streams, from its record or while it runs."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from anew.ledger.leases import Leases, Standing
from anew.model.errors import AnewError, MissingObject, WrongUsage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anew.ledger.rows import RunRow
    from anew.model.record import Record, Stream
    from anew.verbs.workspace import Workspace

STDOUT, STDERR, CONSOLE = "stdout", "stderr", "console"
PIECE = 1 << 20
PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Source:
    """One stream of a run. `name` is `console` where stdout and stderr were one and the same."""

    name: str
    file: BinaryIO


def of_record(workspace: Workspace, record: Record, name: str) -> Source | None:
    """Return a stream of a sealed run; None where it wrote nothing there.

    Raises:
        MissingObject: it was not kept, or is gone.
    """
    streams = {each.name: each for each in record.outcome.console}
    found = streams.get(name) or streams.get(CONSOLE)
    return None if found is None else Source(found.name, _opened(workspace, found))


def _opened(workspace: Workspace, stream: Stream) -> BinaryIO:
    if stream.digest is None:
        raise MissingObject(
            f"{stream.name} is not kept",
            why="what was written to it could not be taken, or not be stored whole",
            hint="see `anew show RUN --coverage`",
        )
    return workspace.store.open(stream.digest)


def of_spool(workspace: Workspace, row: RunRow, name: str) -> Source | None:
    """Return a stream of a run that is not sealed, as far as it has come."""
    spool = workspace.spools / row.id
    for each in (name, CONSOLE):
        try:
            return Source(each, (spool / each).open("rb"))
        except OSError:
            continue
    from anew.verbs import opening  # noqa: PLC0415 - only where the shell took the stream

    try:
        before = opening.read(spool)[1]
        path, offset = before.stdout_file, before.stdout_offset
        if name == STDERR and not before.streams.merged:
            path, offset = before.stderr_file, before.stderr_offset
        if path is None:
            return None
        file = open(path, "rb")  # noqa: SIM115 - the caller closes it
    except (OSError, ValueError, AnewError):
        return None
    file.seek(offset)
    return Source(CONSOLE if before.streams.merged else name, file)


def refuse_own(source: Source, descriptor: int) -> None:
    """Make sure that a stream is not read from the very file it would be written to.

    Raises:
        WrongUsage: it is; the file would grow for ever.
    """
    try:
        here, there = os.fstat(source.file.fileno()), os.fstat(descriptor)
    except OSError:
        return
    if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
        raise WrongUsage(
            "the run writes to the very file that its log would go to",
            why="it would grow for ever",
            hint="send the log elsewhere",
        )


def pieces(source: Source) -> Iterator[bytes]:
    """Yield the bytes of a stream to its present end."""
    while data := source.file.read(PIECE):
        yield data


def followed(workspace: Workspace, row: RunRow, source: Source) -> Iterator[bytes]:
    """Yield the bytes of a stream until its run is over."""
    leases = Leases(workspace.root)
    place = workspace.spools / row.id / "exit.json"
    while True:
        over = os.path.exists(place) or leases.standing(row.id) is Standing.DEAD
        yield from pieces(source)
        if over:
            return
        time.sleep(PAUSE_SECONDS)
