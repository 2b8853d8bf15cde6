"""Appends events to this process's file in the spool: each is on its way to disk when we return.

The file is opened and closed for every event. That costs what checking a kept descriptor costs
(1.1 against 1.3 µs), and a program that closes or takes over all descriptors can never make us
write into its own files. There is no lock: one write at the end of a file is whole.
"""

from __future__ import annotations

import posix
from _thread import get_ident
from time import monotonic_ns

from .text import dump, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_open, _write, _close = posix.open, posix.write, posix.close
FLAGS = posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT | posix.O_CLOEXEC

path = ""  # of our file; the audit hook knows it, and the other, by identity
points = ""  # of the file of what the program logs
lost = 0  # events that could not be written
_torn = False  # the last line may lack its end
_told = 0  # losses already named in a gap
_introduce: Callable[[], str] | None = None  # gives the start event, for in front of the first
busy: set[int] = set()  # threads in which files are touched on our own account


def begin(folder: str, introduction: Callable[[], str]) -> None:
    """Name a new file for this process; it comes to be with its first event."""
    global path, points, lost, _torn, _told, _introduce
    name = f"{posix.getpid():07}-{monotonic_ns():019}"  # of one length: see `inject.padded`
    points = f"{folder}/probe/points-{name}"
    path = f"{folder}/probe/events-{name}"
    lost = _told = 0
    _torn = False
    _introduce = introduction


def introduce_now() -> None:
    """Write the start event now: that the process ran is known whatever becomes of it."""
    global _introduce
    introduce, _introduce = _introduce, None
    if introduce is not None:
        write("start", introduce())


def write(kind: str, rest: str) -> None:
    """Append `[kind, now, rest]`; `rest` is JSON text of the other fields, without brackets."""
    global lost, _torn
    if not path:
        return
    line = f'["{kind}",{monotonic_ns():19},{rest}]\n'
    try:
        if _torn or _introduce or lost > _told:
            line = _catch_up(line)
        descriptor = _open(path, FLAGS, 0o600)
        try:
            data = line.encode("ascii")
            if _write(descriptor, data) != len(data):
                lost += 1
                _torn = True
        finally:
            _close(descriptor)
    except (OSError, UnicodeError, MemoryError) as error:
        lost += 1
        if not is_ours(error):
            raise


def point(name: str, step: str, value: str) -> None:
    """Append a point; all three are JSON text."""
    global lost
    if not path:
        return
    data = f"[{name},{step},{value},{monotonic_ns()}]\n".encode("ascii")
    try:
        descriptor = _open(points, FLAGS, 0o600)
        try:
            if _write(descriptor, data) != len(data):
                lost += 1
                _write(descriptor, b"\n")
        finally:
            _close(descriptor)
    except OSError as error:
        lost += 1
        if not is_ours(error):
            raise


def _catch_up(line: str) -> str:
    global _torn, _told, _introduce
    front = "\n" if _torn else ""
    _torn = False
    if _introduce:
        introduce, _introduce = _introduce, None
        front += f'["start",{monotonic_ns()},{introduce()}]\n'
    if lost > _told:
        _told = lost
        what = quote(f"{lost} events could not be written")
        front += f'["gap",{monotonic_ns()},"recorder",{what},"free space for the store"]\n'
    return front + line


def event(kind: str, *fields: object) -> None:
    """Append an event of plain values."""
    write(kind, ",".join([dump(field) for field in fields]))


_gaps: set[tuple[str, str]] = set()


def gap(aspect: str, what: str, remedy: str) -> None:
    """Name, once in a process, something that could not be recorded."""
    if (aspect, what) not in _gaps:
        _gaps.add((aspect, what))
        event("gap", aspect, what, remedy)


def fault(where: str, error: BaseException) -> None:
    """Name a fault of our own; the program does not hear of it."""
    try:
        gap("recorder", f"{where}: {type(error).__name__}: {error}", "report it to Anew's makers")
    except Exception:
        pass


def is_ours(error: BaseException) -> bool:
    """Say whether an exception was born in our code, not in a handler that ran in the midst of it.

    A signal handler runs between any two steps of ours; what it raises is meant for the program.
    """
    trace = error.__traceback__
    if trace is None:
        return True
    while trace.tb_next is not None:
        trace = trace.tb_next
    name = trace.tb_frame.f_globals.get("__name__", "")
    return isinstance(name, str) and name.startswith(("_anew_probe", "anew."))


def quiet() -> bool:
    """Say whether this thread is at work for us: what it touches now is not the program's deed."""
    return bool(busy) and get_ident() in busy
