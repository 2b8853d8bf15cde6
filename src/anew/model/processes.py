"""Processes of a run: what ran, started by what, for how long, and who touched which file."""

from msgspec import Struct

from anew.model.tree import Listing


class Process(Struct, frozen=True):
    """One program that a process was. Times in µs; `started` after the start of the run.

    `number` counts from 1 in order of start; `parent` is the number of what started it or what
    the process was before, 0 where that was not seen. `forked` says that it went on with the
    program of its parent. `exit_code` and `signal` are None where nobody saw how it ended, or
    where it became the next program. `role` is its name in the derivation of seeds. `feeds` are the
    processes that read from a pipe on stdin what it wrote to stdout or stderr.
    """

    number: int
    parent: int
    pid: int
    argv: tuple[str, ...]
    executable: str = ""
    cwd: str = ""
    started: int = 0
    duration: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    forked: bool = False
    role: str = ""
    rank: int | None = None  # among the processes of a distributed program
    feeds: tuple[int, ...] = ()


class Access(Struct, frozen=True):
    """Which processes opened a file to read it, and which wrote, moved or removed it."""

    path: str
    readers: tuple[int, ...] = ()
    writers: tuple[int, ...] = ()


class Processes(Struct, frozen=True):
    """All processes of a run. `ran` lists Process by number, `accesses` Access by path.

    `main` is the number of the process that touched most files. What it alone touched is not
    among the accesses: inputs and code that are not named there it read, outputs it wrote.
    """

    ran: Listing
    accesses: Listing
    main: int = 0
