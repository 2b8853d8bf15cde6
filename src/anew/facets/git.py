"""What git knows of a project: commit, branch, remote, tracked and changed files."""

import os
import shutil

from msgspec import Struct

from anew.model.secrets import redacted

TIMEOUT = 30.0  # seconds; a repository that takes longer is treated as none


class GitState(Struct, frozen=True):
    """A work tree at one moment. Paths are relative to `top`, which is absolute.

    `changed` are tracked files that differ from the commit; `untracked` what .gitignore lets
    through; both are cheap to know because git keeps the states of files in its index.
    """

    top: str
    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    changed: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    submodules: tuple[tuple[str, str], ...] = ()
    index: str = ""  # state of the index file: equal, the same files are tracked


def look(root: str) -> GitState | None:
    """Ask git about the work tree that `root` lies in; None where there is none, or no git."""
    top = top_level(root)
    if top is None or shutil.which("git") is None:
        return None
    text = _git(
        top, "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal",
        "--ignore-submodules=none",
    )  # fmt: skip
    if text is None:
        return None
    commit = branch = None
    changed, untracked = [], []
    fields = iter(text.split("\0"))
    for entry in fields:
        if entry.startswith("# branch.oid "):
            oid = entry.split(" ")[2]
            commit = None if oid == "(initial)" else oid
        elif entry.startswith("# branch.head "):
            branch = entry.split(" ", 2)[2]
        elif entry.startswith("1 "):
            changed.append(entry.split(" ", 8)[8])
        elif entry.startswith("2 "):
            changed.append(entry.split(" ", 9)[9])
            changed.append(next(fields, ""))  # where it was renamed from
        elif entry.startswith("u "):
            changed.append(entry.split(" ", 10)[10])
        elif entry.startswith("? "):
            untracked.append(entry[2:])
    return GitState(
        top,
        commit,
        None if branch == "(detached)" else branch,
        _remote(top, branch),
        tuple(changed),
        tuple(untracked),
        _submodules(top),
        _index_state(top),
    )


def top_level(root: str) -> str | None:
    """Return the nearest folder at or above `root` that holds `.git`."""
    folder = root
    while True:
        if os.path.exists(f"{folder}/.git"):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def tracked_count(top: str) -> int:
    """Return how many files the index lists: its header says so (gitformat-index)."""
    try:
        with open(f"{_git_folder(top)}/index", "rb") as stream:
            header = stream.read(12)
    except OSError:
        return 0
    return int.from_bytes(header[8:12], "big") if header[:4] == b"DIRC" else 0


def tracked(state: GitState, under: str) -> tuple[str, ...]:
    """Return the absolute paths of the files git tracks under `under`."""
    text = _git(state.top, "ls-files", "-z", "--recurse-submodules", "--", under)
    if text is None:
        text = _git(state.top, "ls-files", "-z", "--", under) or ""
    return tuple(f"{state.top}/{path}" for path in text.split("\0") if path)


def diff(state: GitState) -> str:
    """Return the uncommitted changes as a unified diff; empty where there are none."""
    if state.commit is None or not state.changed:
        return ""
    return _git(state.top, "diff", "--no-ext-diff", "--no-color", "--no-textconv", "HEAD") or ""


def _git(top: str, *words: str) -> str | None:
    import subprocess  # noqa: PLC0415 - start-up is felt, and many projects have no git

    command = ["git", "-c", "core.quotepath=off", "-c", "core.fsmonitor=false", "-C", top, *words]
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, capture_output=True, env=environ, timeout=TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None


def _remote(top: str, branch: str | None) -> str | None:
    """Return the URL of the branch's remote, or of `origin`, without a login."""
    config = _config(top)
    name = config.get(f'branch "{branch}"', {}).get("remote", "origin")
    url = config.get(f'remote "{name}"', {}).get("url")
    return redacted(url) if url else None


def _config(top: str) -> dict[str, dict[str, str]]:
    """Read the repository's own configuration: enough of its grammar for remotes and branches."""
    path = _git_folder(top)
    sections: dict[str, dict[str, str]] = {}
    section = ""
    try:
        with open(f"{path}/config", encoding="utf-8", errors="replace") as stream:
            for line in map(str.strip, stream):
                if line.startswith("["):
                    section = line[1:].rpartition("]")[0]
                elif "=" in line and not line.startswith(("#", ";")):
                    name, _, value = line.partition("=")
                    sections.setdefault(section, {})[name.strip()] = value.strip()
    except OSError:
        pass
    return sections


def _git_folder(top: str) -> str:
    """Return where the repository lies: `.git`, or what a file of that name points to."""
    place = f"{top}/.git"
    if os.path.isdir(place):
        return place
    try:
        with open(place, encoding="utf-8") as stream:
            folder = os.path.join(top, stream.read().removeprefix("gitdir:").strip())
        with open(f"{folder}/commondir", encoding="utf-8") as stream:
            return os.path.normpath(os.path.join(folder, stream.read().strip()))
    except OSError:
        return place


def _submodules(top: str) -> tuple[tuple[str, str], ...]:
    if not os.path.exists(f"{top}/.gitmodules"):
        return ()
    text = _git(top, "ls-files", "-s", "-z") or ""
    found = []
    for entry in text.split("\0"):
        if entry.startswith("160000 "):
            facts, _, path = entry.partition("\t")
            found.append((path, facts.split(" ")[1]))
    return tuple(found)


def _index_state(top: str) -> str:
    try:
        status = os.stat(f"{_git_folder(top)}/index")
    except OSError:
        return ""
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"
