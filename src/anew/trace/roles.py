"""Role: what a file was to the run. One rule set, the first rule that fits."""

from enum import StrEnum

from anew.trace.histories import History
from anew.trace.places import MEMORY, NOISE, SYSTEM, Places, inside

CODE_ENDINGS = frozenset((
    "py", "pyx", "pyi", "ipynb", "sh", "bash", "zsh", "pl", "r", "R", "jl", "lua",
    "so", "pyd", "dll", "dylib", "js", "mjs", "ts", "c", "cc", "cpp", "h", "hpp",
    "cu", "rs", "go", "java", "jar", "m", "stan", "sql",
))  # fmt: skip
EXECUTABLE = 0o111
IS_FILE, KIND = 0o100000, 0o170000


class Role(StrEnum):
    """What a file was to the run."""

    CODE = "code"
    INPUT = "input"
    OUTPUT = "output"
    INTERMEDIATE = "intermediate"
    ENVIRONMENT = "environment"
    CACHE = "cache"
    NOISE = "noise"


class Roles:
    """Tells what each file was to a run; what follows from its place is found once per folder."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._named = frozenset((places.project, *places.environments, *places.own,
                                 *places.caches, MEMORY, *NOISE, *SYSTEM))  # fmt: skip
        self._folders: dict[str, Role | None] = {}

    def role_of(self, history: History) -> Role:
        """Return the role of a file; one that was read *and* written is OUTPUT."""
        outside = self.by_place(history.path)
        if outside is not None:
            return outside
        if history.changed:
            return Role.OUTPUT if history.last is not None else Role.INTERMEDIATE
        if history.imported or is_code(history):
            return Role.CODE
        if history.read or history.listed or history.first is not None:
            return Role.INPUT
        return Role.NOISE

    def was_module(self, history: History) -> bool:
        """Say whether a file was imported that no environment lists."""
        return history.imported and not _within(history.path, self._places.environments)

    def by_place(self, path: str) -> Role | None:
        """Return the role that follows from where a file lies alone; None where none does."""
        if path.endswith((".pyc", "/__pycache__")):
            return Role.CACHE
        if path.endswith("/pyvenv.cfg"):
            return Role.ENVIRONMENT
        if path in self._named or path.endswith("/.git"):
            return _role_by_place(path, self._places)
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            self._folders[folder] = _role_by_place(folder + "/", self._places)
        return self._folders[folder]


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


def _role_by_place(path: str, places: Places) -> Role | None:
    if "/__pycache__/" in path:
        return Role.CACHE
    if _within(path, places.own):
        return Role.NOISE
    in_project = inside(path, places.project)
    if in_project and ("/.git/" in path or path.endswith("/.git")):
        return Role.NOISE
    for folder in places.environments:
        if inside(path, folder) and (not in_project or inside(folder, places.project)):
            return Role.ENVIRONMENT
    if in_project:
        return None
    if _within(path, places.caches):
        return Role.CACHE
    if _within(path, NOISE) and not inside(path, MEMORY):
        return Role.NOISE
    return Role.ENVIRONMENT if _within(path, SYSTEM) else None


def _within(path: str, folders: tuple[str, ...]) -> bool:
    return any(inside(path, folder) for folder in folders)
