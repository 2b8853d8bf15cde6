"""History: all that happened to one file, folded from its events."""

import stat
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Protocol

from msgspec import Struct, field

from anew.model.tree import Stamp
from anew.trace.events import FOLDER, Deed, Event
from anew.trace.naming import named
from anew.trace.own import Own

READS = (Deed.READ, Deed.IMPORTED)
MOVES = (Deed.CREATED, Deed.DELETED, Deed.MOVED_AWAY)
MEETS = (*READS, Deed.UPDATED, Deed.MOVED_AWAY)  # by which a run comes upon a file and its bytes


class History(Struct):
    """`first` is the state before the run changed the file, `last` the state at the end.

    Either is None where there was no file. Filled by `fold` and not changed after.

    Attributes:
        read: it was read while it was as the run found it; so were appended and updated files.
        imported: as the source of a module.
        listed: its entries were listed; `names` are what it had when that was first seen.
        looked_at: it was asked for: whether it is there, how large, how old.
        changed: the run created, wrote, moved or deleted it.
        own_folder: it is a folder that the run itself made, renamed or removed.
        unseen: it changed in a way nobody saw: old bytes may have been read before.
        pins: kept copies, by the state they hold.
        lost: states that could not be kept, with the reason.
        linked: it was given another name, or lost one, which moves its time of change.
        shared: it was written under another name of the same file.
        alike: later states with the bytes of the first: only permissions, owner or time were set.
        moved_to: where the state the run found it in went to, if it was renamed.
        met: a program outside of the run made it so after the start, before it was first read.
    """

    path: str
    first: Stamp | None = None
    last: Stamp | None = None
    known: bool = False
    read: bool = False
    imported: bool = False
    listed: bool = False
    looked_at: bool = False
    names: tuple[str, ...] = ()
    changed: bool = False
    own_folder: bool = False
    unseen: bool = False
    pins: dict[Stamp, str] = field(default_factory=dict)
    lost: dict[Stamp, str] = field(default_factory=dict)
    linked: bool = False
    shared: bool = False
    alike: tuple[Stamp, ...] = ()
    moved_to: str | None = None
    met: bool = False

    @property
    def created(self) -> bool:
        """Whether the run brought it forth: it was not there before."""
        return self.changed and self.first is None


class _Start(Struct):
    """What a first event is judged by: when the run began, what it made, folders it found full."""

    began: int
    own: Own
    held: set[str] = field(default_factory=set)


class Before(Protocol):
    """What is known of the time before the start. `began` is the start, in ns since 1970."""

    @property
    def began(self) -> int:
        """The start of the run, on the clock of the file system's stamps, in ns."""
        ...

    def state(self, path: str) -> tuple[bool, Stamp | None]:
        """Return whether it is known what was at `path`, and its state; None: nothing."""
        ...


def fold(
    events: Iterable[Event],
    before: Before,
    now: Callable[[str], Stamp | None],
    below: Callable[[str], Iterable[tuple[str, Stamp]]] = lambda _: (),
    own: Own | None = None,
) -> dict[str, History]:
    """Return one history per path; `now` tells the state after the last process has ended.

    `below` tells what files are in a folder then, with their states; `own` what the run made.
    """
    histories: dict[str, History] = {}
    arrived = set()
    origins: dict[str, tuple[str, Stamp]] = {}
    began = before.began
    start = _Start(began, own or Own())
    held = start.held
    kept: dict[Stamp, str] = {}
    for event in named(sorted(events, key=itemgetter(0)), began, below):
        deed, path, stamp = event[1:4]
        if deed is Deed.MOVED_HERE:
            arrived.add(path)
        history = histories.get(path)
        if history is None:
            known, first = before.state(path)
            history = histories[path] = History(path, first, None, known)
        if deed is Deed.READ and stamp is not None and stamp == history.first:
            history.read = history.read or not history.changed  # by far the most
        else:
            _add(history, event, start)
            _trace_origin(histories, origins, event)
        if deed is Deed.PINNED and stamp is not None:
            kept[stamp] = event.note
        if history.first is not None:
            held.add(path.rpartition("/")[0])
    for path, history in histories.items():
        last = now(path)
        if last == history.first:
            history.last = history.first  # one value for one state: it is looked up by identity
            history.own_folder |= path in arrived and _is_folder(last)
            continue
        history.last = last
        for state in (history.first, *history.alike):  # kept under another name of the same file
            if state in kept:
                history.shared |= state not in history.pins
                history.pins.setdefault(state, kept[state])
        history.own_folder |= _is_folder(last) and path in arrived
        moved = not history.changed and history.known and last not in history.alike
        if moved and (history.last is None or history.first is None or _other_bytes(history)):
            history.unseen = history.changed = True
    return histories


def _trace_origin(
    histories: dict[str, History], origins: dict[str, tuple[str, Stamp]], event: Event
) -> None:
    """What was kept under a file's new or second name is kept for the first one, too."""
    path, deed = event.path, event.deed
    if deed in (Deed.MOVED_HERE, Deed.LINKED):
        source = histories.get(event.note)
        origin = origins.pop(event.note, None) if deed is Deed.MOVED_HERE else None
        origins.pop(path, None)
        if source is not None and source.first is not None:
            if deed is Deed.LINKED and not source.changed:
                source.linked = True
                origin = event.note, source.first
            elif source.moved_to == path:
                origin = event.note, source.first
        if origin is not None:
            origins[path] = origin
            first_of = histories[origin[0]]
            if deed is Deed.MOVED_HERE and first_of.moved_to == event.note:
                first_of.moved_to = path
    elif deed in (Deed.PINNED, Deed.LOST):
        own = histories[path]
        if own.linked and own.first is not None and _is_same_but_for_links(own.first, event.stamp):
            _keep(own, event._replace(stamp=own.first))
        if path in origins:
            name, first = origins[path]
            _keep(histories[name], event._replace(stamp=first))


def _is_same_but_for_links(first: Stamp, now: Stamp | None) -> bool:
    """Say whether a state is another by its time of change alone, which a new name moves."""
    return now is not None and first._replace(changed=0) == now._replace(changed=0)


def _keep(history: History, event: Event) -> None:
    if event.stamp is not None:
        kept = history.pins if event.deed is Deed.PINNED else history.lost
        kept.setdefault(event.stamp, event.note)


def _is_file(stamp: Stamp | None) -> bool:
    return stamp is not None and stat.S_ISREG(stamp.mode)


def _is_folder(stamp: Stamp | None) -> bool:
    return stamp is not None and stat.S_ISDIR(stamp.mode)


def _other_bytes(history: History) -> bool:
    """Say whether the content may have changed; linking a file moves its time of change alone."""
    first, last = history.first, history.last
    assert first is not None
    assert last is not None
    return (first.size, first.modified, first.inode) != (last.size, last.modified, last.inode)


def _add(history: History, event: Event, start: _Start) -> None:
    deed = event.deed
    if deed is Deed.LOOKED_AT:
        _add_look(history, event, start.began)
        return
    if deed is Deed.CHANGED and history.met and not history.changed:
        return  # since the start, and not since it was read: the state at the end tells
    if not history.known and deed not in (Deed.PINNED, Deed.LOST):
        _add_first(history, event, start)
    if deed in READS:
        _add_read(history, event, start.own)
    elif deed is Deed.LISTED:
        history.listed = True
        history.names = history.names or event.names
    elif deed in (Deed.PINNED, Deed.LOST):
        _keep(history, event)
    elif deed is Deed.TOUCHED:
        _add_touched(history, event)
    else:
        if deed is Deed.UPDATED and not history.changed and event.stamp is not None:
            history.read = True
        if deed is Deed.MOVED_AWAY and not history.changed:
            history.moved_to = event.note
            history.read |= _is_file(event.stamp)  # its bytes go on under another name
        if deed is Deed.CHANGED and not history.changed:
            history.unseen = True
        history.changed = True
        if deed in MOVES and (event.note == FOLDER or _is_folder(event.stamp)):
            history.own_folder = True


def _add_touched(history: History, event: Event) -> None:
    """Take the state after in where the state before is known to hold the first bytes."""
    if not history.changed and event.stamp in (history.first, *history.alike):
        history.alike += (Stamp(*map(int, event.note.split())),)


def _add_first(history: History, event: Event, start: _Start) -> None:
    """Take the state before the first deed for the one that the run found, where it can be."""
    history.known = True
    stamp = history.first = event.stamp
    made_since = stamp is not None and stamp.changed >= start.began
    if made_since and event.path not in start.held:  # a folder changes with what it held
        if event.deed in MEETS and _is_others(event, start.own):
            history.met = True
        else:  # by the run, or by something nobody saw: no state the run found
            history.first, history.changed = None, True


def _is_others(event: Event, own: Own) -> bool:
    """Say whether a file is as a program outside of the run made it."""
    stamp = event.stamp
    return stamp is not None and _is_file(stamp) and own.is_others(stamp)


def _add_look(history: History, event: Event, began: int) -> None:
    stamp = event.stamp
    if not history.known:
        if stamp is not None and stamp.changed >= began:
            return  # somebody else's, made since the start: asking after it makes it nobody's
        history.known, history.first = True, stamp
    if not history.changed and stamp == history.first:
        history.looked_at = True


def _add_read(history: History, event: Event, own: Own) -> None:
    if history.changed:
        return  # what the run itself wrote
    if event.stamp is not None and event.stamp not in (history.first, *history.alike):
        # Somebody wrote it between the start and this reading.
        if history.read or not _is_others(event, own):
            history.unseen = history.changed = True
            return
        history.first, history.met = event.stamp, True
    if event.stamp is None:
        return  # it was looked for and not there
    history.read = True
    history.imported = history.imported or event.deed is Deed.IMPORTED
