"""What happened to a folder as a whole happened to all below it: tells of each by its own event."""

import os
from collections.abc import Callable, Iterable

from anew.facets import project as projects
from anew.facets.holding import Holder
from anew.model.tree import Stamp
from anew.store.copying import stamp_at
from anew.trace.events import Deed, Event

MOST_FOLDERS = 20_000  # below one that was walked


def files(folder: str, real: Callable[[str], str], holder: Holder) -> list[tuple[str, Stamp]]:
    """Return the files in a folder that was renamed, with their states; none where it is gone."""
    place = real(folder)
    if not os.path.isdir(place) or os.path.islink(place):
        return []
    listing = projects.look(projects.Project(place))
    if not listing.whole:
        holder.gap("outputs", f"{folder} holds more files than are looked at",
                   "write results inside the project")  # fmt: skip
    return [(folder + path[len(place) :], stamp) for path, stamp in listing.files.items()]


def walked(
    events: Iterable[Event],
    is_here: Callable[[str], bool],
    real: Callable[[str], str],
    holder: Holder,
) -> list[Event]:
    """Tell of each folder below one that was gone through with all below it, as by `find`.

    `is_here` says of a path that it counts as one of the run's own.
    """
    found: list[Event] = []
    done: set[str] = set()
    for event in events:
        if event.deed is not Deed.WALKED or event.path in done:
            continue
        done.add(event.path)
        pending = [event._replace(deed=Deed.LISTED)]
        for number, each in enumerate(pending):
            if number == MOST_FOLDERS:
                holder.gap("inputs", f"{event.path} holds more folders than are looked at",
                           "read fewer folders")  # fmt: skip
                break
            found.append(each)
            top = each.path.rstrip("/")
            for name in _folders(real(each.path)):
                if is_here(f"{top}/{name}"):
                    path = f"{top}/{name}"
                    pending.append(each._replace(path=path, stamp=stamp_at(real(path))))
    return found


def _folders(place: str) -> list[str]:
    try:
        with os.scandir(place) as entries:
            return sorted(each.name for each in entries if each.is_dir(follow_symlinks=False))
    except OSError:
        return []
