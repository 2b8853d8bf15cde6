"""Sorted: the files of a run by what they were to it."""

from collections.abc import Mapping

from msgspec import Struct, field

from anew.trace.histories import History
from anew.trace.places import inside, short
from anew.trace.roles import Role, Roles, is_code, was_input, was_looked_at


class Sorted(Struct):
    """Histories by role, each list by path; one file may be in two, as an input written over is.

    `deleted` are paths of files that were there before; `own_folders` those of folders outside the
    project that the run made or removed, the outermost.
    """

    code: list[History] = field(default_factory=list)
    inputs: list[History] = field(default_factory=list)
    folders: list[History] = field(default_factory=list)
    looked_at: list[History] = field(default_factory=list)
    outputs: list[History] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    own_folders: list[str] = field(default_factory=list)


def sort(histories: Mapping[str, History], roles: Roles, project: str) -> Sorted:
    """Sort the files of a run whose project that is."""
    found = Sorted()
    for path in sorted(histories):
        history = histories[path]
        _add_input(found, history, roles)
        if not history.changed:
            continue
        role = roles.role_of(history)
        if role is Role.OUTPUT:
            if history.last != history.first or history.unseen:
                found.outputs.append(history)
        elif role is Role.INTERMEDIATE and history.first is not None:
            found.deleted.append(short(path, project))
        if (
            history.own_folder
            and role in (Role.OUTPUT, Role.INTERMEDIATE)
            and not inside(path, project)
            and not (found.own_folders and inside(path, found.own_folders[-1]))
        ):
            found.own_folders.append(path)
    return found


def _add_input(found: Sorted, history: History, roles: Roles) -> None:
    here = roles.by_place(history.path) is None
    code = roles.was_module(history) or (here and is_code(history))
    if code and history.first is not None and history.read:
        found.code.append(history)
    if not here or not was_input(history):
        if here and was_looked_at(history):
            found.looked_at.append(history)
        return
    if history.listed and not history.read:
        found.folders.append(history)
    elif not code:
        found.inputs.append(history)
