"""Naming: which file a path meant, where the run made links and renamed folders on the way."""

import stat
from collections.abc import Callable, Iterable, Iterator

from anew.model.tree import Stamp
from anew.trace.events import Deed, Event
from anew.trace.places import inside

MOST_LINKS = 40  # as the kernel follows at most
ON_THE_LINK = (
    Deed.DELETED,
    Deed.MOVED_AWAY,
    Deed.MOVED_HERE,
    Deed.LINKED_SOFTLY,
    Deed.LINKED,
    Deed.CHANGED,
)
_NAMES_CHANGE = frozenset((Deed.LINKED_SOFTLY, Deed.MOVED_AWAY))
_IS_MADE_BY_NAME = (Deed.CREATED, Deed.MOVED_HERE, Deed.LINKED)


def named(
    events: Iterable[Event], began: int, below: Callable[[str], Iterable[tuple[str, Stamp]]]
) -> Iterator[Event]:
    """Yield events in order of time, each with the path of the file it was about.

    A link of the run's own is followed. Where it renamed a folder that it found, each file in it
    is told to be renamed; `below` tells what files there are in a folder at the end, with their
    states; `began` is the start of the run on the clock of stamps.
    """
    told = list(events)
    if not any(event[1] in _NAMES_CHANGE for event in told):  # by far the most
        yield from told
        return
    links: dict[str, str] = {}
    moves = _Moves(began)
    for each in told:
        event = each
        if links:
            event = _followed(event, links)
        if event.deed is Deed.LINKED_SOFTLY:
            links[event.path] = event.note
            event = event._replace(deed=Deed.CREATED, note="")
        elif event.deed is Deed.MOVED_AWAY and event.stamp is not None:
            if event.path in links:
                links[event.note] = links.pop(event.path)
            elif stat.S_ISDIR(event.stamp.mode):
                yield from moves.moved(event)
        elif event.deed is Deed.DELETED:
            links.pop(event.path, None)
        if moves.folders:
            yield from moves.before(event)
        yield event
    yield from moves.rest(below)


def _followed(event: Event, links: dict[str, str]) -> Event:
    path = event.path
    if event.deed not in ON_THE_LINK:
        return event._replace(path=through(path, links))
    folder, _, name = path.rpartition("/")
    place = f"{through(folder, links)}/{name}"
    return event if place == path else event._replace(path=place)


def through(path: str, links: dict[str, str]) -> str:
    """Return where a path leads by the links given.

    >>> through("/a/l/x", {"/a/l": "/b", "/b/x": "/c"})
    '/c'
    """
    for _ in range(MOST_LINKS):
        found = next((link for link in links if inside(path, link)), None)
        if found is None:
            break
        path = links[found] + path[len(found) :]
    return path


class _Moves:
    """Folders that the run found and renamed, and the files that were told to be renamed since."""

    def __init__(self, began: int) -> None:
        self.folders: dict[str, str] = {}  # where it is now: where the run found it
        self._began = began
        self._told: dict[str, str] = {}  # files, by where they are now
        self._latest = 0

    def moved(self, event: Event) -> Iterator[Event]:
        """Take in that a folder was renamed; tell it of each file in it that was told before."""
        source, target = event.path, event.note
        root = self.folders.pop(source, source)
        self.folders = {
            target + place[len(source) :] if inside(place, source) else place: found
            for place, found in self.folders.items()
        }
        if root != target:
            self.folders[target] = root
        self._latest = event.time
        for place in [place for place in self._told if inside(place, source)]:
            now = target + place[len(source) :]
            self._told[now] = self._told.pop(place)
            yield event._replace(path=place, stamp=None, note=now)
            yield event._replace(deed=Deed.MOVED_HERE, path=now, stamp=None, note=place)

    def before(self, event: Event) -> Iterator[Event]:
        """Tell that a file was renamed, before the first event about it under its new name."""
        if event.path in self._told or event.deed is Deed.LISTED:
            return
        if event.deed in _IS_MADE_BY_NAME:
            return
        yield from self._renamed(event.path, event.stamp, event)

    def _renamed(self, path: str, stamp: Stamp | None, like: Event) -> Iterator[Event]:
        if stamp is None or stamp.changed >= self._began or not stat.S_ISREG(stamp.mode):
            return
        for place, root in self.folders.items():
            if inside(path, place) and path != place:
                source = root + path[len(place) :]
                self._told[path] = source
                yield like._replace(deed=Deed.MOVED_AWAY, path=source, stamp=stamp, note=path)
                yield like._replace(deed=Deed.MOVED_HERE, path=path, stamp=None, note=source)
                return

    def rest(self, below: Callable[[str], Iterable[tuple[str, Stamp]]]) -> Iterator[Event]:
        """Tell of the files in renamed folders that nothing else happened to."""
        for place in tuple(self.folders):
            for path, stamp in below(place):
                if path in self._told:
                    continue
                event = Event(self._latest, Deed.MOVED_HERE, path)
                found = list(self._renamed(path, stamp, event))
                yield from found or [event]
