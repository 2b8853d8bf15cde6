"""What a program gets as its three streams: our own, or on a replay those recorded."""

import fcntl
import os
import struct
import termios

from msgspec import Struct, field

from anew.execute.protocol import Job
from anew.execute.streams import Channel, kind_of, same_place, write_all

COPIED = ("pipe", "terminal", "device")


class Given(Struct):
    """What the program gets as its streams, and what we hold of them."""

    stdin: int
    stdout: int
    stderr: int
    channels: list[Channel] = field(default_factory=list)
    ours: list[int] = field(default_factory=list)  # the program's ends, to be closed on our side
    terminal: int = -1  # the program's side of a terminal made for a replay


def given_to(job: Job) -> Given:
    """Return the streams for `job`'s program, with what we need to copy them."""
    return _own(job) if job.streams is None else _made(job)


def _own(job: Job) -> Given:
    """Give the program our own streams; pipes and terminals by way of us."""
    given = Given(0, 1, 2)
    kinds = {1: kind_of(1), 2: kind_of(2)}
    merged = kinds[1] == kinds[2] and kinds[1] in COPIED and same_place(1, 2)
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        if kinds[descriptor] not in COPIED:
            continue
        if descriptor == 2 and merged:
            given.stderr = given.stdout
            continue
        source, end = _way(kinds[descriptor] == "terminal", descriptor)
        log = "console" if merged else name
        terminal = kinds[descriptor] == "terminal"
        given.channels.append(Channel(log, source, _log(job, log), descriptor, terminal))
        given.ours.append(end)
        if descriptor == 1:
            given.stdout = end
        else:
            given.stderr = end
    for channel in given.channels:
        if channel.terminal:
            channel.mirror()
    return given


def _made(job: Job) -> Given:
    """Give the program streams of the kinds recorded."""
    kinds = job.streams
    assert kinds is not None
    null = os.open(os.devnull, os.O_RDWR)
    given = Given(null, null, null, ours=[null])
    for name in ("stdout", "stderr"):
        kind = getattr(kinds, name)
        if name == "stderr" and kinds.merged and kind not in ("null", "closed"):
            given.stderr = given.stdout
            continue
        log = "console" if kinds.merged else name
        if kind == "file":
            end = _log(job, log)
        elif kind in COPIED:
            source, end = _way(kind == "terminal", None, (kinds.columns, kinds.lines))
            terminal = kind == "terminal"
            given.channels.append(Channel(log, source, _log(job, log), None, terminal))
            if terminal:
                given.channels[-1].mirror()
                given.terminal = end
        else:
            continue
        given.ours.append(end)
        setattr(given, name, end)
    if kinds.stdin == "terminal" and given.terminal >= 0:
        given.stdin = given.terminal
    elif job.stdin is not None:
        given.stdin = _fed(job, as_pipe=kinds.stdin == "pipe")
        given.ours.append(given.stdin)
    return given


def _fed(job: Job, *, as_pipe: bool) -> int:
    """Return a descriptor that gives the recorded bytes of stdin."""
    source = os.open(str(job.stdin), os.O_RDONLY)
    if not as_pipe:
        return source
    end, feed = os.pipe()
    if os.fork() == 0:
        os.close(end)
        try:
            while data := os.read(source, 1 << 16):
                write_all(feed, data)
        finally:
            os._exit(0)
    os.close(feed)
    os.close(source)
    return end


def _way(terminal: bool, like: int | None, size: tuple[int, int] = (0, 0)) -> tuple[int, int]:  # noqa: FBT001
    """Return our end and the program's end of a new pipe or terminal."""
    if not terminal:
        return os.pipe()
    master, slave = os.openpty()
    if like is not None:
        termios.tcsetattr(slave, termios.TCSANOW, termios.tcgetattr(like))
        size_bytes = fcntl.ioctl(like, termios.TIOCGWINSZ, b"\0" * 8)
    else:
        size_bytes = struct.pack("HHHH", size[1], size[0], 0, 0)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, size_bytes)
    return master, slave


def _log(job: Job, name: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    try:
        return os.open(job.spool / name, flags, 0o600)
    except OSError:
        return -1
