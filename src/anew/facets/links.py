"""Symbolic links: what was named through them is told of the file they lead to, and they are kept.

A file has one history, whatever names led to it. Each link on the way is an input of its own.
"""

import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator

from anew.model.digest import digest_bytes
from anew.model.inputs import FileKind, Input, Kept, Proof
from anew.trace.events import Deed, Event
from anew.trace.places import inside, short

MOST_STEPS = 40  # links after links: the limit of Linux (path_resolution(7))
FOLLOWED = frozenset(
    (Deed.READ, Deed.IMPORTED, Deed.LISTED, Deed.WALKED, Deed.LOOKED_AT, Deed.TRUNCATED,
     Deed.CREATED, Deed.UPDATED, Deed.PINNED, Deed.LOST)
)  # fmt: skip
NAMING = (Deed.MOVED_AWAY, Deed.MOVED_HERE, Deed.LINKED)  # their note is a path


class Links:
    """Follows links that stand since before the start.

    `found` are those on the way to what the run touched.

    Args:
        project: its absolute path, which is taken as it is, whatever leads there.
        plain: files known to be no links.
        is_here: whether a path counts as one of the run's own: others are not followed.
        real: where a file lies that the program saw at a path.
        began: the start of the run, in ns since 1970; links made since are outputs.
    """

    def __init__(
        self,
        project: str,
        plain: Collection[str],
        is_here: Callable[[str], bool],
        real: Callable[[str], str],
        began: int,
    ) -> None:
        self.found: dict[str, str] = {}
        self._plain, self._is_here, self._real, self._began = plain, is_here, real, began
        self._project, self._physical = project, os.path.realpath(project)
        self._folders: dict[str, tuple[str, tuple[str, ...]]] = {"": ("", ())}
        top = project
        while top not in ("", "/"):
            self._folders[top] = (top, ())
            top = top.rpartition("/")[0]
        self._targets: dict[str, str] = {}

    def followed(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield each event under the name of the file that it was about."""
        names: dict[tuple[str, bool], tuple[str, tuple[str, ...]]] = {}
        straight: set[str] = set()  # names by which an event may pass as it is
        for event in events:
            path, deed, stamp = event.path, event.deed, event.stamp
            if path in straight and deed is Deed.READ:  # by far the most
                yield event
                continue
            itself = stamp is not None and stat.S_ISLNK(stamp.mode)
            last = deed in FOLLOWED and (not itself or deed is Deed.LOOKED_AT)
            key = path, last
            found = names.get(key)
            if found is None:
                found = names[key] = self._lead(path, last=last)
            where, links = found
            if where is path and last and not links:
                straight.add(path)
            if links:
                self.found.update((link, self._targets[link]) for link in links)
            if itself and deed is Deed.LOOKED_AT:
                continue  # a link that was looked at is one of those that are kept
            note = event.note
            if note and deed in NAMING:
                note = self._lead(note, last=False)[0]
            if where != path or note != event.note:
                event = event._replace(path=where, note=note)  # noqa: PLW2901
            yield event

    def _lead(self, path: str, *, last: bool) -> tuple[str, tuple[str, ...]]:
        """Return where a path leads, and the links on the way."""
        if path in self._plain and path.rpartition("/")[0] in self._folders:
            folder, links = self._folders[path.rpartition("/")[0]]
            if not links:
                return path, ()
        if not self._is_here(path):
            return path, ()
        folder, name = path.rpartition("/")[::2]
        where, links = self._folder(folder)
        place = f"{where}/{name}"
        if last:
            place, more = self._step(place, 0)
            links += more
        if self._physical != self._project and inside(place, self._physical):
            place = self._project + place[len(self._physical) :]
        return place, links

    def _folder(self, folder: str, depth: int = 0) -> tuple[str, tuple[str, ...]]:
        known = self._folders.get(folder)
        if known is not None:
            return known
        above, _, name = folder.rpartition("/")
        where, links = self._folder(above, depth)
        place, more = self._step(f"{where}/{name}", depth)
        found = self._folders[folder] = (place, links + more)
        return found

    def _step(self, place: str, depth: int) -> tuple[str, tuple[str, ...]]:
        """Follow `place`, whose folder is no link, where it is one itself."""
        target = self._target(place)
        if target is None or depth > MOST_STEPS:
            return place, ()
        leads = os.path.normpath(os.path.join(place.rpartition("/")[0] or "/", target))
        folder, name = leads.rpartition("/")[::2]
        where, links = self._folder(folder, depth + 1)
        end, more = self._step(f"{where}/{name}", depth + 1)
        return end, (place, *links, *more)

    def _target(self, place: str) -> str | None:
        if place in self._targets:
            return self._targets[place]
        real = self._real(place)
        try:
            target = os.readlink(real)
            if os.lstat(real).st_ctime_ns >= self._began:
                return None  # of its own: what was named by it when, the order of events tells
        except OSError:
            return None
        self._targets[place] = target
        return target


def inputs(links: dict[str, str], project: str) -> list[Input]:
    """Return the links that were on the way to what the run touched."""
    return [
        Input(short(path, project), FileKind.LINK, len(target), Kept.VALUE,
              digest_bytes(os.fsencode(target)), Proof.STAMP, target=target, mode=0o777)
        for path, target in sorted(links.items())
    ]  # fmt: skip
