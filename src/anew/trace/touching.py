"""Touching: from programs and events to the processes of a run, and which of them touched what."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from anew.model.processes import Access, Process
from anew.model.tree import Stamp
from anew.trace.events import Deed, Event
from anew.trace.programs import Program, Programs

MOST_FED = 100  # processes that read from one pipe
TERMINATED = 0x7F  # of a status as wait(2) gives it: the signal that ended the process
READERS = frozenset((Deed.READ, Deed.IMPORTED, Deed.LISTED, Deed.UPDATED))
WRITERS = frozenset(
    (Deed.CREATED, Deed.TRUNCATED, Deed.UPDATED, Deed.DELETED, Deed.MOVED_AWAY, Deed.MOVED_HERE,
     Deed.LINKED, Deed.LINKED_SOFTLY)
)  # fmt: skip


class Teller(Struct, frozen=True):
    """What a Python process said of itself, which the C library cannot know."""

    pid: int
    ppid: int
    time: int  # of the monotonic clock, in ns
    argv: tuple[str, ...]
    executable: str
    cwd: str
    role: str = ""
    rank: int | None = None
    ended: int | None = None
    forked: bool = False


class Trace(Struct, frozen=True):
    """The processes of a run by number, what each touched, and the busiest of them."""

    processes: tuple[Process, ...]
    accesses: tuple[Access, ...]
    main: int


def traced(
    programs: Programs,
    tellers: Sequence[Teller],
    events: Sequence[Event],
    shown: Callable[[str], str | None],
    began: int,
) -> Trace:
    """Return what ran and who touched which file.

    Args:
        programs: as the C library saw them; empty where it was not there.
        tellers: the Python processes.
        events: all that happened to files.
        shown: a path as the record names it; None: it is of no interest.
        began: the start of the run, by the monotonic clock in ns.
    """
    ran = _parents_first(_merged(programs.ran or [_program_of(each) for each in tellers]))
    owners = _Owners(ran)
    main, accesses = _shared_out(events, ran, owners, shown)
    own = {owners.at(each.pid, each.time): each for each in tellers}  # the last word counts
    processes: list[Process] = []
    for number in range(1, len(ran) + 1):
        process = _process(number, ran, owners, own.get(number), began)
        if process.forked and not process.argv and process.parent:
            parent = processes[process.parent - 1]
            process = replace(process, argv=parent.argv, executable=parent.executable)
        processes.append(process)
    fed = _fed(ran, processes)
    whole = tuple(
        replace(each, feeds=fed[each.number]) if each.number in fed else each for each in processes
    )
    return Trace(whole, accesses, main)


class Touch(Struct, frozen=True):
    """The paths that one process read and wrote, in order."""

    read: tuple[str, ...] = ()
    wrote: tuple[str, ...] = ()


def by_process(
    accesses: Iterable[Access], main: int, read: Iterable[str], written: Iterable[str]
) -> dict[int, Touch]:
    """Return what each process touched.

    Args:
        accesses: of the record.
        main: the process that touched alone what is not among them.
        read: all inputs and used code of the run.
        written: all its outputs, and what it deleted.
    """
    reads: dict[int, set[str]] = {}
    writes: dict[int, set[str]] = {}
    named = set()
    for access in accesses:
        named.add(access.path)
        for number in access.readers:
            reads.setdefault(number, set()).add(access.path)
        for number in access.writers:
            writes.setdefault(number, set()).add(access.path)
    if main:
        reads.setdefault(main, set()).update(path for path in read if path not in named)
        writes.setdefault(main, set()).update(path for path in written if path not in named)
    return {
        number: Touch(tuple(sorted(reads.get(number, ()))), tuple(sorted(writes.get(number, ()))))
        for number in reads.keys() | writes.keys()
    }


class _Life(Struct):
    """A program with what its process was since its fork, if that went on to become it."""

    program: Program
    started: int


def _merged(ran: Iterable[Program]) -> list[_Life]:
    """Take a fork and the program it became at once for one: it opened files for that program."""
    lives: list[_Life] = []
    last: dict[int, _Life] = {}
    for program in sorted(ran, key=lambda each: each.started):
        former = last.get(program.pid)
        if former is not None and former.program.forked and former.program.status is None:
            former.program = program if program.ppid else _with_parent(program, former.program)
            continue
        life = last[program.pid] = _Life(program, program.started)
        lives.append(life)
    return lives


def _fed(ran: Sequence[_Life], processes: Sequence[Process]) -> dict[int, tuple[int, ...]]:
    """Return which processes had as stdin the pipe that a process had as stdout or stderr.

    What a process was given by the parent that has it too counts for the parent.
    """
    pipes = [life.program.pipes or (0, 0, 0) for life in ran]
    none = (0, 0, 0)
    readers: dict[int, list[int]] = {}
    for each, own in zip(processes, pipes, strict=True):
        above = pipes[each.parent - 1] if each.parent else none
        if own[0] and own[0] != above[0]:
            readers.setdefault(own[0], []).append(each.number)
    fed: dict[int, tuple[int, ...]] = {}
    for each, own in zip(processes, pipes, strict=True):
        above = pipes[each.parent - 1] if each.parent else none
        given = {pipe for pipe in own[1:] if pipe and pipe not in above[1:]}
        found = {other for pipe in given for other in readers.get(pipe, ())[:MOST_FED]}
        if found - {each.number}:
            fed[each.number] = tuple(sorted(found - {each.number}))
    return fed


def _parents_first(lives: Sequence[_Life]) -> list[_Life]:
    """Order by start. A fork tells of itself with its first deed, maybe after its own children."""
    first: dict[int, _Life] = {}
    for life in lives:
        first.setdefault(life.program.pid, life)
    for life in lives:
        child, parent = life, first.get(life.program.ppid)
        while parent is not None and parent.started >= child.started and parent is not life:
            parent.started = child.started - 1
            child, parent = parent, first.get(parent.program.ppid)
    return sorted(lives, key=lambda each: each.started)


def _with_parent(program: Program, former: Program) -> Program:
    program.ppid = former.ppid
    return program


class _Owners:
    """Which program a process was at some time, by its number from 1."""

    def __init__(self, ran: Sequence[_Life]) -> None:
        self._starts: dict[int, list[int]] = {}
        self._numbers: dict[int, list[int]] = {}
        for number, life in enumerate(ran, 1):
            self._starts.setdefault(life.program.pid, []).append(life.started)
            self._numbers.setdefault(life.program.pid, []).append(number)

    def at(self, pid: int, time: int) -> int:
        """Return the number of what `pid` was then; 0 where that is unknown."""
        numbers = self._numbers.get(pid)
        if numbers is None:
            return 0
        if len(numbers) == 1:
            return numbers[0]
        return numbers[max(bisect_right(self._starts[pid], time) - 1, 0)]


def _shared_out(
    events: Sequence[Event],
    ran: Sequence[_Life],
    owners: _Owners,
    shown: Callable[[str], str | None],
) -> tuple[int, tuple[Access, ...]]:
    """Return the busiest process, and who touched what it did not touch alone."""
    if len(ran) == 1 and {event.pid for event in events} <= {0, ran[0].program.pid}:
        some = any(
            shown(event.path) is not None
            for event in events
            if event.pid and _is_touch(event.deed, event.stamp)
        )
        return int(some), ()
    read, written = _touched(events, owners, shown)
    main = _busiest(read | written)
    return main, _accesses(read, written, main)


def _is_touch(deed: Deed, stamp: Stamp | None) -> bool:
    return (deed in READERS and stamp is not None) or deed in WRITERS


def _touched(
    events: Iterable[Event], owners: _Owners, shown: Callable[[str], str | None]
) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
    """Return who read and who wrote: the name of a file with the number of a process, each."""
    read: set[tuple[str, int]] = set()
    written: set[tuple[str, int]] = set()
    at = owners.at
    for time, deed, path, stamp, _, _, pid in events:
        if not pid:
            continue
        if deed in READERS and stamp is not None:
            read.add((path, at(pid, time)))
        if deed in WRITERS:
            written.add((path, at(pid, time)))
    paths = {path for path, _ in read} | {path for path, _ in written}
    names = {path: name for path in paths if (name := shown(path)) is not None}
    return (
        {(names[path], number) for path, number in read if path in names},
        {(names[path], number) for path, number in written if path in names},
    )


def _busiest(touched: Iterable[tuple[str, int]]) -> int:
    counts = Counter(number for _, number in touched)
    if not counts:
        return 0
    return min(counts, key=lambda number: (-counts[number], number))


def _accesses(
    read: set[tuple[str, int]], written: set[tuple[str, int]], main: int
) -> tuple[Access, ...]:
    """Return who touched each file that not `main` alone touched, in the order of names."""
    shared = {name for name, number in read | written if number != main}
    readers: dict[str, list[int]] = {name: [] for name in sorted(shared)}
    writers: dict[str, list[int]] = {name: [] for name in shared}
    for found, by_name in ((read, readers), (written, writers)):
        for name, number in found:
            if name in shared:
                by_name[name].append(number)
    return tuple(
        Access(name, tuple(sorted(numbers)), tuple(sorted(writers[name])))
        for name, numbers in readers.items()
    )


def _program_of(teller: Teller) -> Program:
    return Program(
        teller.pid, teller.ppid, teller.time, teller.executable, teller.cwd, teller.argv,
        teller.ended, None, teller.forked,
    )  # fmt: skip


def _process(
    number: int, ran: Sequence[_Life], owners: _Owners, teller: Teller | None, began: int
) -> Process:
    life = ran[number - 1]
    program = life.program
    parent = owners.at(program.pid, life.started - 1)
    if parent >= number or ran[parent - 1].program.status is not None:  # not what it was before
        parent = owners.at(program.ppid, life.started)
    status = program.status
    ended = None if program.ended is None else max(program.ended - life.started, 0) // 1000
    return Process(
        number,
        parent if parent < number else 0,
        program.pid,
        program.argv or (teller.argv if teller else ()),
        program.executable or (teller.executable if teller else ""),
        program.cwd or (teller.cwd if teller else ""),
        max(life.started - began, 0) // 1000,
        ended,
        status >> 8 if status is not None and not status & TERMINATED else None,
        status & TERMINATED or None if status is not None else None,
        program.forked,
        teller.role if teller else "",
        teller.rank if teller else None,
    )
