"""Rules: what follows for a file from where it lies. The first that fits; a user's come first."""

from collections.abc import Sequence
from enum import StrEnum
from fnmatch import fnmatchcase

from msgspec import Struct

from anew.trace.places import MEMORY, NOISE, SYSTEM, Places, inside

CODE_ENDINGS = frozenset((
    "py", "pyx", "pyi", "ipynb", "sh", "bash", "zsh", "pl", "r", "R", "jl", "lua",
    "so", "pyd", "dll", "dylib", "js", "mjs", "ts", "c", "cc", "cpp", "h", "hpp",
    "cu", "rs", "go", "java", "jar", "m", "stan", "sql",
))  # fmt: skip


class Role(StrEnum):
    """What a file was to the run."""

    CODE = "code"
    INPUT = "input"
    OUTPUT = "output"
    INTERMEDIATE = "intermediate"
    ENVIRONMENT = "environment"
    CACHE = "cache"
    NOISE = "noise"


class Rule(Struct, frozen=True):
    """A rule by its name, the role it gives, and what to say of it.

    `here` says that the file counts as one of the run's own: what happened to it decides.
    """

    name: str
    role: Role
    says: str
    here: bool = False


class OwnRule(Struct, frozen=True):
    """A rule of the user's: all paths that fit `pattern` have that role.

    The pattern is absolute; `*` stands for any letters, a `/` too.
    """

    pattern: str
    role: Role


SET_ASIDE = (Role.ENVIRONMENT, Role.CACHE, Role.NOISE)

COMPILED = Rule("byte-compiled", Role.CACHE, "it stands for its source, and is made anew")
VENV = Rule("virtual environment", Role.ENVIRONMENT, "it marks a virtual environment")
GIT = Rule("git", Role.NOISE, "git's own; the state of the project is recorded as code")
OWN = Rule("anew", Role.NOISE, "Anew's own")
INSTALLED = Rule("installed", Role.ENVIRONMENT, "it belongs to installed packages")
INSTALLERS = Rule("installer's cache", Role.CACHE, "packages are recorded as environment")
LIBRARIES = Rule("library's cache", Role.CACHE, "a library makes it anew; what it read is put back")
KERNEL = Rule("kernel", Role.NOISE, "the kernel makes it up; the machine is in the circumstances")
SYSTEM_FILE = Rule("system", Role.ENVIRONMENT, "it belongs to the operating system")
PROJECT = Rule("project", Role.INPUT, "it lies in the project", here=True)
ELSEWHERE = Rule("elsewhere", Role.INPUT, "it lies outside the project, in none of the above",
                 here=True)  # fmt: skip


def of_name(path: str) -> Rule | None:
    """Return the rule that follows from a name alone."""
    if path.endswith((".pyc", "/__pycache__")):
        return COMPILED
    return VENV if path.endswith("/pyvenv.cfg") else None


def of_place(path: str, places: Places) -> Rule:
    """Return the rule for a folder, named with its `/`, or for what has a place of its own."""
    if "/__pycache__/" in path:
        return COMPILED
    if _within(path, places.own):
        return OWN
    in_project = inside(path, places.project)
    if in_project and ("/.git/" in path or path.endswith("/.git")):
        return GIT
    for folder in places.environments:
        if inside(path, folder) and (not in_project or inside(folder, places.project)):
            return INSTALLED
    if in_project:
        return PROJECT
    if _within(path, places.installers):
        return INSTALLERS
    if _within(path, places.caches):
        return LIBRARIES
    if _within(path, NOISE) and not inside(path, MEMORY):
        return KERNEL
    return SYSTEM_FILE if _within(path, SYSTEM) else ELSEWHERE


def of_user(path: str, rules: Sequence[OwnRule]) -> Rule | None:
    """Return the first of the user's rules that fits."""
    for rule in rules:
        if fnmatchcase(path, rule.pattern):
            says = f"anew.toml makes what fits {rule.pattern} {rule.role.value}"
            return Rule("anew.toml", rule.role, says, here=rule.role not in SET_ASIDE)
    return None


def _within(path: str, folders: tuple[str, ...]) -> bool:
    return any(inside(path, folder) for folder in folders)
