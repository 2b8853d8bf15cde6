"""Inputs: the files, links and folders that decided the result and are no code."""

import os
from collections.abc import Callable, Iterable, Mapping

from anew.facets.holding import Holder
from anew.facets.project import Listing as Found
from anew.model.canonical import encode
from anew.model.digest import Digest, digest_bytes
from anew.model.inputs import FileKind, Input, Kept, Proof
from anew.model.tree import Stamp
from anew.store.protocol import Batch
from anew.trace.histories import History
from anew.trace.places import short
from anew.trace.proofs import Bytes, Source, bytes_of_first, is_moved, why_lost

PERMISSIONS = 0o7777
IS_FOLDER = 0o040000
KIND = 0o170000


def collect(
    histories: Iterable[History],
    project: str,
    holder: Holder,
    real: Callable[[str], str],
    pins: str,
    early: Mapping[str, Digest],
    found: Found,
    written: Iterable[str] = (),
    began: int = 0,
) -> list[Input]:
    """Hold each file the run read, as it was before the run changed it.

    `written` are paths it wrote to: links on their way that were there when it `began`, in ns on
    the clock of stamps, are inputs, too.
    `found` is what was seen in the project before the run: it says which files are no links.
    """
    inputs: list[Input] = []
    links: dict[str, str] = {}
    walked: set[str] = set()
    plain = found.files.keys() - found.links.keys()
    inner, cut = project + "/", len(project) + 1
    for history in histories:
        first = history.first
        if first is None:
            continue
        path = history.path
        if path not in plain or path.rpartition("/")[0] not in walked:
            _follow(path, real, links, walked)
        elif first is history.last and not history.changed and path.startswith(inner):
            digest = holder.known(path[cut:], first)
            if digest is not None:  # it stands there as it was read, and is held: by far the most
                inputs.append(
                    Input(path[cut:], FileKind.FILE, first.size, Kept.VALUE, digest, Proof.STAMP,
                          mode=first.mode & PERMISSIONS, modified=first.modified // 1000,
                          nanos=first.modified % 1000)
                )  # fmt: skip
                continue
        if first.mode & KIND == IS_FOLDER:
            continue
        inputs.append(_file(history, first, project, holder, real, pins, early))
    for path in written:
        if path not in plain:
            _follow(path, real, links, walked, before=began)
    for path, target in sorted(links.items()):
        holder.seen += 1
        holder.held += 1
        inputs.append(
            Input(short(path, project), FileKind.LINK, len(target), Kept.VALUE,
                  digest_bytes(os.fsencode(target)), Proof.STAMP, target=target, mode=0o777)
        )  # fmt: skip
    return inputs


def _file(
    history: History,
    first: Stamp,
    project: str,
    holder: Holder,
    real: Callable[[str], str],
    pins: str,
    early: Mapping[str, Digest],
) -> Input:
    shown = short(history.path, project)
    found = bytes_of_first(history)
    if history.shared and not history.linked:
        holder.gap("inputs", f"{shown} is one file with another that was written: a replay has two",
                   "copy it before it is written")  # fmt: skip
    mode, (modified, nanos) = first.mode & PERMISSIONS, divmod(first.modified, 1000)
    if (found is None or not _there(found, real)) and history.path in early:
        holder.count(1)
        return Input(
            shown, FileKind.FILE, first.size, Kept.VALUE, early[history.path], Proof.START,
            mode=mode, modified=modified, written=history.changed, nanos=nanos,
        )  # fmt: skip
    if found is None or not _there(found, real):
        holder.seen += 1
        holder.gap("inputs", f"{shown}: {why_lost(history)}", "write results to another file")
        return Input(shown, FileKind.FILE, first.size, Kept.NO, mode=mode, modified=modified,
                     written=history.changed, nanos=nanos)  # fmt: skip
    path = f"{pins}/{found.name}" if found.source is Source.PIN else real(found.name)
    stamp = _expected(found, path)
    held = holder.hold("inputs", shown, path, stamp)
    proof = found.proof if held.digest is not None else None
    return Input(
        shown, FileKind.FILE, first.size, held.kept, held.digest, proof, mode=mode,
        modified=modified, written=history.changed, nanos=nanos,
    )  # fmt: skip


def _there(found: Bytes, real: Callable[[str], str]) -> bool:
    """Say whether a renamed file still is what it was: a rename moves the time of change alone."""
    if found.source is not Source.MOVED:
        return True
    now = stamp_of(real(found.name))
    return now is not None and found.stamp is not None and is_moved(found.stamp, now)


def _expected(found: Bytes, path: str) -> Stamp | None:
    return stamp_of(path) if found.source is Source.MOVED else found.stamp


def stamp_of(path: str) -> Stamp | None:
    """Return the state of a file now; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return Stamp(status.st_dev, status.st_ino, status.st_size, status.st_mode,
                 status.st_mtime_ns, status.st_ctime_ns)  # fmt: skip


def _follow(
    path: str,
    real: Callable[[str], str],
    links: dict[str, str],
    walked: set[str],
    before: int | None = None,
) -> None:
    """Note each symbolic link on the way to `path`, and on the way to where it leads.

    `walked` are the folders whose way is known already; with `before`, a time in ns, only links
    that were made until then count.
    """
    pending, seen = [path], set()
    while pending:
        place = pending.pop()
        if place in seen:
            continue
        seen.add(place)
        for step in _steps(place, walked):
            if step in links:
                continue
            try:
                target = os.readlink(real(step))
                if before is not None and os.lstat(real(step)).st_ctime_ns >= before:
                    continue
            except OSError:
                continue
            links[step] = target
            leads = os.path.join(os.path.dirname(step), target, place[len(step) + 1 :])
            pending.append(os.path.normpath(leads))


def _steps(path: str, walked: set[str]) -> list[str]:
    """Return the folders on the way to `path` that were not walked yet, and `path` itself."""
    steps, step = [path], path.rpartition("/")[0]
    while step and step not in walked:
        steps.append(step)
        step = step.rpartition("/")[0]
    walked.update(steps[1:])
    return steps[::-1]


def folders(
    histories: Iterable[History],
    project: str,
    holder: Holder,
    batch: Batch,
    names: Callable[[str], list[str]],
) -> list[Input]:
    """Hold the names that each listed folder had before the run changed it."""
    inputs = []
    for history in histories:
        if not history.listed or history.first is None:
            continue
        holder.seen += 1
        entries = in_order(names(history.path), history.names)
        digest = batch.add(encode(entries))
        holder.held += 1
        inputs.append(
            Input(short(history.path, project), FileKind.FOLDER, len(entries), Kept.VALUE, digest,
                  Proof.STAMP, mode=history.first.mode & PERMISSIONS)
        )  # fmt: skip
    return inputs


def listed_before(path: str, now: Iterable[str], histories: dict[str, History]) -> list[str]:
    """Return the names a folder had at the start: those of now, without what the run made.

    Names of folders end in `/`; they are sorted.
    """
    if not histories:
        return sorted(now)
    prefix = path.rstrip("/") + "/"
    names = {name.rstrip("/"): name for name in now}
    for other, history in histories.items():
        if other.startswith(prefix) and "/" not in other[len(prefix) :] and history.changed:
            name = other[len(prefix) :]
            if history.first is None:
                names.pop(name, None)
            else:
                is_folder = history.first.mode & KIND == IS_FOLDER
                names.setdefault(name, name + "/" * is_folder)
    return sorted(names.values())


def in_order(names: Iterable[str], seen: Iterable[str]) -> list[str]:
    """Return `names` in the order in which the program saw them; others come last, sorted."""
    given = {name.removesuffix("/"): name for name in sorted(names)}
    return [given.pop(name) for name in seen if name in given] + list(given.values())
