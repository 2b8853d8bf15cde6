"""Programs: what each process of a run was, from when to when, and which could not be followed."""

from enum import StrEnum

from msgspec import Struct, field

from anew.model.record import Gap

SIGNALLED = 0x7F  # the bits of a status of wait(2) that hold the signal


class How(StrEnum):
    """How a program was started: in the same process, in a new one, or by a shell inside libc."""

    EXEC = "exec"
    SPAWN = "spawn"
    SHELL = "shell"


class Program(Struct):
    """One program that a process was, from its start to its end or to the next one it became.

    Times are those of the monotonic clock, in ns. `status` is as wait(2) gives it; None: unseen.
    `pipes` are the inodes of the pipes that stdin, stdout and stderr were, 0 for any that was none.
    """

    pid: int
    ppid: int
    started: int
    executable: str = ""
    cwd: str = ""
    argv: tuple[str, ...] = ()
    ended: int | None = None
    status: int | None = None
    forked: bool = False
    pipes: tuple[int, ...] = ()


class Attempt(Struct):
    """A program that a process set out to start; `why` it cannot be followed, if that was seen."""

    pid: int
    time: int
    path: str
    argv: tuple[str, ...]
    how: How
    why: str = ""
    child: int | None = None
    failed: bool = False


class Programs(Struct):
    """All programs of a run, and all attempts to start one, each list in order of time."""

    ran: list[Program] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    latest: dict[int, Program] = field(default_factory=dict)  # by the id of the process
    followed: bool = False  # from outside, by their system calls: none can escape
    blind: int | None = None  # when that ended before the programs did
    unknown: dict[int, int] = field(default_factory=dict)  # how processes ended that never began

    def start(self, program: Program) -> None:
        """Add a program; what its process was before has come to its end."""
        former = self.latest.get(program.pid)
        if former is not None and former.ended is None:
            former.ended = program.started
        self.ran.append(program)
        self.latest[program.pid] = program

    def end(self, pid: int, time: int, status: int) -> None:
        """Note how a process ended; who waited for it says it again."""
        program = self.latest.get(pid)
        if program is None:
            self.unknown[pid] = status
        elif program.ended is None or program.status is None:
            program.ended, program.status = time, status

    def sees(self, time: int) -> bool:
        """Say whether whatever was started then was followed from outside."""
        return self.followed and (self.blind is None or time < self.blind)

    def attempted(self, pid: int, path: str, child: int | None) -> None:
        """Note what became of the last attempt of a process: a child, or None: it failed."""
        for attempt in reversed(self.attempts):
            if attempt.pid == pid and attempt.path.endswith(path):
                attempt.child, attempt.failed = child, child is None
                return


def _was_killed(programs: Programs, pid: int | None) -> bool:
    """Say whether a process ended by a signal, maybe before its program began."""
    if pid is None:
        return False
    program = programs.latest.get(pid)
    status = program.status if program is not None else programs.unknown.get(pid)
    return bool(status and status & SIGNALLED)


def unfollowed(programs: Programs) -> tuple[Gap, ...]:
    """Return a gap for each program that was started and never reported.

    One that was followed from outside need not report.
    """
    starts: dict[int, list[int]] = {}
    for program in programs.ran:
        if not program.forked:
            starts.setdefault(program.pid, []).append(program.started)
    found: dict[str, str] = {}
    for attempt in programs.attempts:
        if attempt.failed or attempt.how is How.SHELL or programs.sees(attempt.time):
            continue
        pid = attempt.child if attempt.how is How.SPAWN else attempt.pid
        reported = pid is not None and any(time > attempt.time for time in starts.get(pid, ()))
        if attempt.why or not (reported or _was_killed(programs, pid)):
            found.setdefault(attempt.path, attempt.why)
    return tuple(
        Gap("trace", f"{path} could not be followed: {why or 'it did not report'}",
            "use a dynamically linked build, or read and write its files in another program")
        for path, why in sorted(found.items())
    )  # fmt: skip
