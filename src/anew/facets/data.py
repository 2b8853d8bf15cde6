"""Inputs: the files, links and folders that decided the result and are no code."""

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from anew.facets.holding import Holder
from anew.facets.project import Listing as Found
from anew.model.canonical import encode
from anew.model.digest import Digest
from anew.model.inputs import MADE_ANEW, MET, UNSEEN, FileKind, Input, Kept, Proof
from anew.model.tree import Stamp
from anew.store.copying import stamp_at
from anew.store.protocol import Batch
from anew.trace.histories import History
from anew.trace.places import Places, inside, short
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
    places: Places,
) -> list[Input]:
    """Hold each file the run read, as it was before the run changed it.

    `found` is what was seen in the project before the run: it says which files are no links;
    `places` say what is a cache.
    """
    inputs: list[Input] = []
    plain = found.files.keys() - found.links.keys()
    inner, cut = project + "/", len(project) + 1
    for history in histories:
        first = history.first
        if first is None:
            continue
        path = history.path
        unchanged = first is history.last and not history.changed and not history.met
        if unchanged and path in plain and path.startswith(inner):
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
        given = _file(history, first, project, holder, real, pins, early)
        inputs.append(_of_cache(given, places) if given.path.startswith("/") else given)
    return inputs


def _of_cache(given: Input, places: Places) -> Input:
    if any(inside(given.path, folder) for folder in places.caches):
        return replace(given, role="cache", rule=MADE_ANEW)
    if any(inside(given.path, folder) for folder in places.downloads):
        return replace(given, role="cache")
    return given


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
    seen = Input(
        shown, FileKind.FILE, first.size, Kept.NO, mode=first.mode & PERMISSIONS,
        modified=first.modified // 1000, nanos=first.modified % 1000, written=history.changed,
        rule=_rule(history),
    )  # fmt: skip
    if (found is None or not _there(found, real)) and history.path in early and not history.met:
        holder.count(1)
        return replace(seen, kept=Kept.VALUE, digest=early[history.path], proof=Proof.START)
    if found is None or not _there(found, real):
        holder.seen += 1
        holder.gap("inputs", f"{shown}: {why_lost(history)}", "write results to another file")
        return seen
    path = f"{pins}/{found.name}" if found.source is Source.PIN else real(found.name)
    stamp = _expected(found, path)
    held = holder.hold("inputs", shown, path, stamp)
    proof = found.proof if held.digest is not None else None
    return replace(seen, kept=held.kept, digest=held.digest, proof=proof)


def _rule(history: History) -> str:
    if history.read:
        return MET if history.met else ""
    return UNSEEN


def _there(found: Bytes, real: Callable[[str], str]) -> bool:
    """Say whether a renamed file still is what it was: a rename moves the time of change alone."""
    if found.source is not Source.MOVED:
        return True
    now = stamp_at(real(found.name))
    return now is not None and found.stamp is not None and is_moved(found.stamp, now)


def _expected(found: Bytes, path: str) -> Stamp | None:
    return stamp_at(path) if found.source is Source.MOVED else found.stamp


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

    Names of folders end in `/`; they stay in the order given.
    """
    if not histories:
        return list(now)
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
    return list(names.values())


def in_order(names: Iterable[str], seen: Iterable[str]) -> list[str]:
    """Return `names` in the order in which the program saw them; others come last, sorted.

    Where there were too many to tell they stay as they are: a folder lists them as it did before.
    """
    given = {name.removesuffix("/"): name for name in (sorted(names) if seen else names)}
    return [given.pop(name) for name in seen if name in given] + list(given.values())
