"""following: how the programs of a run are followed: by our library, by their system calls."""

import os
from pathlib import Path

from anew.execute import compiling, preload
from anew.execute.protocol import Mount
from anew.model.recipe import Trace
from anew.model.record import Gap
from anew.probe import inject
from anew.trace.places import inside
from anew.verbs.workspace import Workspace

REMEDY = "use Linux 5.9 or later, outside of a container or in one that allows seccomp and ptrace"


def why_not(trace: Trace, *, contained: bool = False) -> str:
    """Return why the programs cannot be followed from outside, where that is asked for."""
    if trace is not Trace.FULL:
        return ""
    if contained:
        return "in a container they are the engine's"
    from anew.execute import follow  # noqa: PLC0415 - slow to load, and few runs ask for it

    return follow.why_impossible()


def hindered(why: str) -> Gap:
    """Return the gap of a run whose programs were all to be followed, and could not be."""
    return Gap("trace", f"not all programs are followed, as --trace=full asks: {why}", REMEDY)


def place_of(program: str, directory: str, mounts: tuple[Mount, ...]) -> str:
    """Return where the program lies that is seen at that path."""
    path = os.path.normpath(os.path.join(directory, program))
    for mount in sorted(mounts, key=lambda mount: -len(mount.target)):
        if inside(path, mount.target):
            return mount.source + path[len(mount.target.rstrip("/")) :]
    return path


def prepare(
    workspace: Workspace, project: str, spool: Path, program: str, *, full: bool, version: str = ""
) -> str | None:
    """Make the spool ready for what follows the programs; `version` is a Python's in a container.

    Returns:
        The library that they are to load first; None: they are to load none.
    """
    compiling.put_recorder(program, workspace.cache, spool, version)
    library = preload.library(workspace.cache)
    if library is not None and not preload.suits(program):
        library = None
    if library is None and not full:
        return None
    own = (workspace.root, workspace.cache, Path(inject.FOLDER).parent)
    try:
        preload.prepare(
            spool, project, [f"{folder}/" for folder in own], inject.START,
            mark=preload.mark() if full else 0,
        )  # fmt: skip
    except OSError:
        return None
    return library
