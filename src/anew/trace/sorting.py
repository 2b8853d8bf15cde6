"""Sorted: the files of a run by what they were to it."""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from anew.model.record import Aside
from anew.trace.histories import History
from anew.trace.places import inside, short
from anew.trace.roles import Roles, was_input, was_looked_at
from anew.trace.rules import LIBRARIES, Role, Rule

EXAMPLES = 3


class Sorted(Struct):
    """Histories by role, each list by path; one file may be in two, as an input written over is.

    `deleted` are paths of files that were there before; `own_folders` those of folders outside the
    project that the run made or removed, the outermost; `aside` paths that are no inputs by a rule.
    """

    code: list[History] = field(default_factory=list)
    inputs: list[History] = field(default_factory=list)
    folders: list[History] = field(default_factory=list)
    looked_at: list[History] = field(default_factory=list)
    outputs: list[History] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    own_folders: list[str] = field(default_factory=list)
    aside: dict[Rule, list[str]] = field(default_factory=dict)


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
    rule = roles.rule_of(history.path)
    code = roles.is_code(history)
    if code and history.first is not None and history.read:
        found.code.append(history)
    if not rule.here:
        _set_aside(found, history, rule)
        return
    if not was_input(history):
        if was_looked_at(history):
            found.looked_at.append(history)
    elif history.listed and not history.read:
        found.folders.append(history)
    elif not code:
        found.inputs.append(history)


def asides(found: Mapping[Rule, Iterable[str]]) -> tuple[Aside, ...]:
    """Return how many files were set aside by each rule, with the first of them."""
    ordered = sorted((rule.name, rule.says, sorted(paths), rule) for rule, paths in found.items())
    return tuple(
        Aside(name, rule.role.value, says, len(paths), tuple(paths[:EXAMPLES]))
        for name, says, paths, rule in ordered
    )


def _set_aside(found: Sorted, history: History, rule: Rule) -> None:
    """Count what is no input by where it lies; of a library's cache, what was read is one."""
    if rule is LIBRARIES and history.read and not history.changed:
        found.inputs.append(history)
        return
    aside = found.aside.setdefault(rule, [])
    aside.append(history.path)
