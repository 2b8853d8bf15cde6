"""The source files of a run: those it used, those git tracks, and small ones beside them."""

import os
from collections.abc import Callable, Iterable, Mapping

from anew.facets import git
from anew.facets.holding import Holder
from anew.facets.project import Listing as Found
from anew.model.digest import Digest, digest_bytes
from anew.model.inputs import CodeFile, CodeState, FileKind, Kept
from anew.model.tree import Listing
from anew.store.listings import write_listing
from anew.store.protocol import Batch
from anew.trace.histories import History
from anew.trace.places import inside, short
from anew.trace.proofs import Source, bytes_of_first, why_lost

UNUSED_LARGEST = 1 << 20  # bytes of an untracked file that was not used
UNUSED_MOST = 100 << 20
EXECUTABLE = 0o111


def used_files(
    histories: Iterable[History],
    project: str,
    holder: Holder,
    real: Callable[[str], str],
    pins: str,
    early: Mapping[str, Digest],
) -> list[CodeFile]:
    """Hold each file of code the run was seen to use, as it was when it was used."""
    files = []
    for history in histories:
        first = history.first
        if first is None:
            continue
        shown = short(history.path, project)
        bytes_ = bytes_of_first(history)
        source = "project" if inside(history.path, project) else "outside"
        executable = bool(first.mode & EXECUTABLE)
        if bytes_ is None and history.path in early and not history.met:
            holder.count(1)
            files.append(
                CodeFile(
                    shown, early[history.path], first.size, Kept.VALUE, executable,
                    used=True, source=source,
                )
            )  # fmt: skip
            continue
        if bytes_ is None:
            holder.seen += 1
            holder.gap("code", f"{shown}: {why_lost(history)}", "edit code between runs only")
            files.append(
                CodeFile(shown, None, first.size, Kept.NO, executable, used=True, source=source)
            )
            continue
        path = f"{pins}/{bytes_.name}" if bytes_.source is Source.PIN else real(history.path)
        held = holder.hold("code", shown, path, bytes_.stamp, always=True)
        files.append(
            CodeFile(
                shown, held.digest, first.size, held.kept, executable, used=True, source=source
            )
        )
    return files


def other_files(
    found: Found,
    state: git.GitState | None,
    taken: frozenset[str],
    changed: Mapping[str, History],
    project: str,
    holder: Holder,
    real: Callable[[str], str],
    pins: str,
) -> list[CodeFile]:
    """Hold what else belongs to the project: tracked by git, or small and not ignored.

    `taken` are the absolute paths that are held as something else. Of `changed` files, which the
    run wrote over without reading them, the old bytes are held where they still can be had: a
    program may ask whether its results are there already.
    """
    tracked = frozenset(git.tracked(state, project)) if state is not None else frozenset()
    files: list[CodeFile] = []
    budget = UNUSED_MOST
    for path in sorted(_candidates(found, state, tracked, project) - taken):
        stamp = found.files.get(path)
        if stamp is None:
            continue
        is_tracked = path in tracked
        if not is_tracked:
            if stamp.size > UNUSED_LARGEST or stamp.size > budget:
                continue
            budget -= stamp.size
        shown = short(path, project)
        executable = bool(stamp.mode & EXECUTABLE)
        source = "git" if is_tracked else "untracked"
        if path in found.links:
            files.append(_link(shown, found.links[path], source))
            continue
        place: str | None = real(path)
        if path in changed:
            place = _old_bytes(changed[path], pins)
            if place is None:
                continue
        held = holder.hold("code", shown, place or "", None if path in changed else stamp,
                           always=True)  # fmt: skip
        files.append(CodeFile(shown, held.digest, stamp.size, held.kept, executable, source=source))
    files += _empty_folders(found, project)
    return files


def written_over(
    outside: Iterable[History], holder: Holder, pins: str, budget: int = UNUSED_MOST
) -> list[CodeFile]:
    """Hold the old bytes of small files outside the project that the run wrote over, or removed.

    It did not read them, but may have asked whether they were there.
    """
    files: list[CodeFile] = []
    for history in outside:
        first, place = history.first, _old_bytes(history, pins)
        if first is None or place is None or first.size > min(UNUSED_LARGEST, budget):
            continue
        budget -= first.size
        held = holder.hold("code", history.path, place, None, always=True)
        executable = bool(first.mode & EXECUTABLE)
        files.append(
            CodeFile(history.path, held.digest, first.size, held.kept, executable, source="outside")
        )
    return files


def _old_bytes(history: History, pins: str) -> str | None:
    found = bytes_of_first(history)
    if found is None or found.source is not Source.PIN:
        return None
    path = f"{pins}/{found.name}"
    return path if os.path.exists(path) else None


def _link(shown: str, target: str, source: str) -> CodeFile:
    digest = digest_bytes(os.fsencode(target))
    return CodeFile(
        shown, digest, len(target), Kept.VALUE, source=source, kind=FileKind.LINK, target=target
    )


def _candidates(
    found: Found, state: git.GitState | None, tracked: frozenset[str], project: str
) -> set[str]:
    if state is None:
        return _not_ignored(found, project)
    untracked = set()
    for name in state.untracked:
        path = f"{state.top}/{name}"
        if path.endswith("/"):
            untracked |= {each for each in found.files if each.startswith(path)}
        else:
            untracked.add(path)
    return set(tracked) | {path for path in untracked if inside(path, project)}


def _not_ignored(found: Found, project: str) -> set[str]:
    """Leave out what a .gitignore at the top of a project without git names."""
    if not os.path.exists(f"{project}/.gitignore"):
        return set(found.files)
    import pathspec  # noqa: PLC0415 - 7 ms that few runs need

    try:
        with open(f"{project}/.gitignore", encoding="utf-8", errors="replace") as stream:
            spec = pathspec.PathSpec.from_lines("gitwildmatch", stream)
    except (OSError, ValueError):
        return set(found.files)
    return {path for path in found.files if not spec.match_file(short(path, project))}


def _empty_folders(found: Found, project: str) -> list[CodeFile]:
    """Name the folders below which no file lies: a script may expect them."""
    filled = set[str]()
    pending = {path.rpartition("/")[0] for path in found.files}
    while pending:
        filled |= pending
        above = {os.path.dirname(folder) for folder in pending if len(folder) > len(project)}
        pending = above - filled
    return [
        CodeFile(short(folder, project), None, 0, Kept.VALUE, source="untracked",
                 kind=FileKind.FOLDER)
        for folder in sorted(found.folders)
        if folder not in filled and folder != project
    ]  # fmt: skip


def code_state(
    files: list[CodeFile],
    state: git.GitState | None,
    diff: str,
    batch: Batch,
    listing: Listing | None = None,
) -> CodeState:
    """Return the code of a run from its files and what git said at the start.

    `listing` is that of all files, where it is known already.
    """
    used = [file for file in files if file.used]
    text = diff.encode("utf-8", "surrogateescape")
    return CodeState(
        used=_listed(batch, used),
        files=listing or _listed(batch, files),
        commit=state.commit if state else None,
        branch=state.branch if state else None,
        remote=state.remote if state else None,
        dirty=bool(state and (state.changed or state.untracked)),
        changed_lines=sum(
            line.startswith(("+", "-")) and not line.startswith(("+++", "---"))
            for line in diff.splitlines()
        ),
        diff=batch.add(text) if text else None,
        submodules=state.submodules if state else (),
    )


def _listed(batch: Batch, files: list[CodeFile]) -> Listing:
    return write_listing(batch, files, lambda file: file.path, sum(file.size for file in files))
