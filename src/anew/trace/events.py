"""Event: one thing that happened to one file, in one form whoever saw it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from anew.model.tree import Stamp


class Deed(StrEnum):
    """What happened to a path."""

    READ = "read"
    IMPORTED = "imported"  # read as the source of a module
    CREATED = "created"  # opened for writing where nothing was
    TRUNCATED = "truncated"  # opened for writing, its old content gone
    UPDATED = "updated"  # appended to or written in place: its old content counts
    DELETED = "deleted"
    MOVED_AWAY = "moved away"
    MOVED_HERE = "moved here"
    LINKED = "linked"  # created as another name of a file
    LINKED_SOFTLY = "linked softly"  # created as a symbolic link
    TOUCHED = "touched"  # its permissions, owner or time were set, its bytes were not
    LISTED = "listed"
    WALKED = "walked"  # listed with all folders below
    LOOKED_AT = "looked at"  # asked whether it is there, how large, how old
    PINNED = "pinned"  # we kept a copy of this state before it was destroyed
    LOST = "lost"  # we could not
    CHANGED = "changed"  # nobody saw how: it is another than it was


FOLDER = "folder"


class Event(NamedTuple):
    """`stamp` is the state the file was in before the deed; None where nothing was there.

    `note` names the pin of PINNED, the reason of LOST, the other path of a move or link, the state
    after TOUCHED as numbers, and says FOLDER of a folder that was CREATED; `names` are the
    entries of a LISTED folder in their order. `time` is that of the monotonic clock in ns.
    """

    time: int
    deed: Deed
    path: str
    stamp: Stamp | None = None
    note: str = ""
    names: tuple[str, ...] = ()
    pid: int = 0  # of the process that did it; 0: nobody saw which


_OPENED = {
    "r": Deed.READ,
    "m": Deed.IMPORTED,
    "w": Deed.TRUNCATED,
    "a": Deed.UPDATED,
    "u": Deed.UPDATED,
    "c": Deed.CREATED,
}


_new = tuple.__new__  # in a third of the time


def _stamp(value: list[int] | None) -> Stamp | None:
    if not value:
        return None
    device, inode, size, mode, modified, changed = value
    return _new(Stamp, (device, inode, size, mode, modified, changed))


def opened(line: list, pid: int = 0) -> Event:  # type: ignore[type-arg]
    """Return what a line says of a file that was opened: it is by far the commonest.

    Raises:
        (TypeError, ValueError, IndexError, KeyError): the line is none of ours.
    """
    _, time, path, how, stamp = line[:5]
    return _new(Event, (time, _OPENED[how], path, _stamp(stamp), "", (), pid))


def parsed(line: list, pid: int = 0) -> tuple[Event, ...]:  # type: ignore[type-arg]
    """Return what one line of a spool says of files; nothing where it speaks of other things.

    Raises:
        (TypeError, ValueError, IndexError, KeyError): the line is none of ours.
    """
    kind, time = line[0], line[1]
    if kind == "open":
        return (opened(line, pid),)
    match kind:
        case "list":
            names = tuple(line[4] or ()) if len(line) > 4 else ()
            return (Event(time, Deed.LISTED, line[2], _stamp(line[3]), "", names, pid),)
        case "rename":
            source, target = line[2], line[3]
            return (
                Event(time, Deed.MOVED_AWAY, source, _stamp(line[4]), target, (), pid),
                Event(time, Deed.MOVED_HERE, target, _stamp(line[5]), source, (), pid),
            )
        case "rmdir":
            return (Event(time, Deed.DELETED, line[2], pid=pid),)
        case "mkdir":
            return (Event(time, Deed.CREATED, line[2], None, FOLDER, (), pid),)
        case "link" | "symlink":
            return (Event(time, Deed.CREATED, line[3], pid=pid),)
        case "remove" | "truncate":
            deed = Deed.DELETED if kind == "remove" else Deed.UPDATED
            return (Event(time, deed, line[2], _stamp(line[3]), pid=pid),)
        case "pin" | "lost":
            deed = Deed.PINNED if kind == "pin" else Deed.LOST
            return (Event(time, deed, line[2], _stamp(line[3]), line[4], (), pid),)
        case _:
            return ()


def compared(before: Mapping[str, Stamp], after: Mapping[str, Stamp], time: int) -> Iterable[Event]:
    """Tell from two listings of a folder what changed; reading leaves no mark."""
    known = before.get
    for path, stamp in after.items():
        if known(path) != stamp:
            yield Event(time, Deed.CHANGED, path, known(path))
    for path in before.keys() - after.keys():
        yield Event(time, Deed.DELETED, path, before[path])
