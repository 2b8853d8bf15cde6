"""Role: what a file was to the run. One rule set, the first rule that fits."""

from enum import StrEnum

from anew.trace.histories import History
from anew.trace.places import MEMORY, NOISE, SYSTEM, Places, inside

CODE_SUFFIXES = (
    ".py", ".pyx", ".pyi", ".ipynb", ".sh", ".bash", ".zsh", ".pl", ".r", ".R", ".jl", ".lua",
    ".so", ".pyd", ".dll", ".dylib", ".js", ".mjs", ".ts", ".c", ".cc", ".cpp", ".h", ".hpp",
    ".cu", ".rs", ".go", ".java", ".jar", ".m", ".stan", ".sql",
)  # fmt: skip
EXECUTABLE = 0o111


class Role(StrEnum):
    """What a file was to the run."""

    CODE = "code"
    INPUT = "input"
    OUTPUT = "output"
    INTERMEDIATE = "intermediate"
    ENVIRONMENT = "environment"
    CACHE = "cache"
    NOISE = "noise"


def role_of(history: History, places: Places) -> Role:
    """Return the role that `history` gives its file; one that was read *and* written is OUTPUT."""
    path = history.path
    outside = _role_by_place(path, places)
    if outside is not None:
        return outside
    if history.changed:
        return Role.OUTPUT if history.last is not None else Role.INTERMEDIATE
    if history.imported or is_code(history):
        return Role.CODE
    if history.read or history.listed or history.first is not None:
        return Role.INPUT
    return Role.NOISE


def is_code(history: History) -> bool:
    """Say whether the file, as it was found, is a program by its name or mode."""
    if history.path.endswith(CODE_SUFFIXES):
        return True
    first = history.first
    return first is not None and bool(first.mode & EXECUTABLE) and not history.listed


def _role_by_place(path: str, places: Places) -> Role | None:
    if "/__pycache__/" in path or path.endswith((".pyc", "/__pycache__")):
        return Role.CACHE
    if "/.git/" in path or path.endswith("/.git"):
        return Role.NOISE
    if _within(path, places.own):
        return Role.NOISE
    in_project = inside(path, places.project)
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


def was_input(history: History, places: Places) -> bool:
    """Say whether the state the run found the file in decided what it did."""
    if _role_by_place(history.path, places) is not None or history.first is None:
        return False
    if history.read or history.listed:
        return True
    # Written over by something nobody saw: it may have been read before.
    return history.unseen and history.changed
