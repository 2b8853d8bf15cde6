"""Outputs: the files and links a run wrote and left, and what it showed or said."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from anew.facets.holding import Holder
from anew.model.digest import digest_bytes
from anew.model.inputs import FileKind, Kept
from anew.model.record import Output, Stream
from anew.trace.histories import History
from anew.trace.places import short

EXECUTABLE = 0o111
KIND, REGULAR, LINK = 0o170000, 0o100000, 0o120000
SHOWN = "figures"


def collect(
    histories: Iterable[History],
    project: str,
    holder: Holder,
    real: Callable[[str], str],
    artifacts: frozenset[str],
    began: int,
) -> list[Output]:
    """Hold each file as it is now that the last process has ended.

    A link that was there when the run `began` is written through, and no output itself.
    """
    outputs = []
    for history in histories:
        path, last = real(history.path), history.last
        shown = short(history.path, project)
        if history.first is None and _is_link_since(path, began):
            target = os.readlink(path)
            outputs.append(
                Output(shown, digest_bytes(os.fsencode(target)), len(target), Kept.VALUE,
                       FileKind.LINK, target)
            )  # fmt: skip
            continue
        if last is None or last.mode & KIND != REGULAR:
            continue
        held = holder.hold("outputs", shown, path, last)
        role = "artifact" if history.path in artifacts else "output"
        outputs.append(
            Output(shown, held.digest, last.size, held.kept,
                   executable=bool(last.mode & EXECUTABLE), role=role)
        )  # fmt: skip
    return outputs


def _is_link_since(path: str, began: int) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return status.st_mode & KIND == LINK and status.st_ctime_ns >= began


def figures(shown: Iterable[tuple[str, str]], holder: Holder) -> list[Output]:
    """Hold the figures that the script only showed, by their order."""
    outputs = []
    for number, (path, _) in enumerate(shown, 1):
        if not os.path.exists(path):
            continue
        name = f"{SHOWN}/{number}{os.path.splitext(path)[1]}"
        held = holder.hold("outputs", name, path, None)
        size = os.stat(path).st_size
        outputs.append(Output(name, held.digest, size, held.kept, role="figure"))
    return outputs


def console(name: str, path: Path, holder: Holder, *, whole: bool) -> Stream | None:
    """Hold what the program said on one stream; None where it said it elsewhere."""
    if not path.exists():
        return None
    size = path.stat().st_size
    holder.seen += 1
    if not whole:
        holder.full = True
        holder.gap("console", f"{name} could not be kept whole", "free some space and run again")
        return Stream(name, None, size, Kept.NO)
    try:
        digest = holder.batch.add_file(str(path), None)
    except OSError as error:
        holder.full = True
        holder.gap("console", f"{name} could not be kept: {error.strerror}", "free some space")
        return Stream(name, None, size, Kept.NO)
    holder.held += 1
    return Stream(name, digest, size, Kept.VALUE)
