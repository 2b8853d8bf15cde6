"""Role: what a file was to the run. One rule set, the first rule that fits."""

from collections.abc import Sequence

from anew.trace import rules
from anew.trace.histories import History
from anew.trace.places import MEMORY, NOISE, SYSTEM, Places, inside
from anew.trace.rules import CODE_ENDINGS, OwnRule, Role, Rule

EXECUTABLE = 0o111
IS_FILE, KIND = 0o100000, 0o170000


class Roles:
    """Tells what each file was to a run; what follows from its place is found once per folder."""

    def __init__(self, places: Places, own_rules: Sequence[OwnRule] = ()) -> None:
        self._places, self._own = places, own_rules
        self._named = frozenset((places.project, *places.environments, *places.own,
                                 *places.installers, *places.caches, MEMORY, *NOISE,
                                 *SYSTEM))  # fmt: skip
        self._folders: dict[str, Rule] = {}
        self._found: dict[str, Rule] = {}

    def role_of(self, history: History) -> Role:
        """Return the role of a file; one that was read *and* written is OUTPUT."""
        rule = self.rule_of(history.path)
        if not rule.here:
            return rule.role
        if history.changed:
            return Role.OUTPUT if history.last is not None else Role.INTERMEDIATE
        if self.is_code(history):
            return Role.CODE
        if history.read or history.listed or history.first is not None:
            return Role.INPUT
        return Role.NOISE

    def is_code(self, history: History) -> bool:
        """Say whether the file, as it was found, is code: by how it was read, its name or mode."""
        rule = self.rule_of(history.path)
        if rule.name == "anew.toml" and rule.role in (Role.CODE, Role.INPUT):
            return rule.role is Role.CODE
        if history.imported and not any(
            inside(history.path, folder) for folder in self._places.environments
        ):
            return True
        return rule.here and is_code(history)

    def is_here(self, path: str) -> bool:
        """Say whether a file counts as one of the run's own, by where it lies."""
        return self.rule_of(path).here

    def rule_of(self, path: str) -> Rule:
        """Return the rule that follows from where a file lies."""
        found = self._found.get(path)  # each path is asked for time and again
        if found is None:
            found = self._found[path] = self._rule_of(path)
        return found

    def _rule_of(self, path: str) -> Rule:
        if self._own:
            own = rules.of_user(path, self._own)
            if own is not None:
                return own
        named = rules.of_name(path)
        if named is not None:
            return named
        if path in self._named or path.endswith("/.git"):
            return rules.of_place(path, self._places)
        folder = path.rpartition("/")[0]
        rule = self._folders.get(folder)
        if rule is None:
            rule = self._folders[folder] = rules.of_place(folder + "/", self._places)
        return rule


def was_input(history: History) -> bool:
    """Say whether the state the run found the file in decided what it did."""
    if history.first is None:
        return False
    if history.read or history.listed:
        return True
    # Written over by something nobody saw: it may have been read before.
    return history.unseen and history.changed


def was_looked_at(history: History) -> bool:
    """Say whether the run only asked after the file: was it there, how large, how old.

    Programs and libraries are left out: who asks after them mostly has them loaded, which is not
    seen, and nothing may be put in their place.
    """
    first = history.first
    if not history.looked_at or is_code(history) or ".so." in history.path:
        return False
    return first.mode & KIND == IS_FILE if first is not None else not history.changed


def is_code(history: History) -> bool:
    """Say whether the file, as it was found, is a program by its name or mode."""
    if history.path.rpartition(".")[2] in CODE_ENDINGS:  # no suffix has two points
        return True
    first = history.first
    return first is not None and bool(first.mode & EXECUTABLE) and not history.listed
