"""The process between us and the program: starts it, copies its streams, outlives us if it must."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn

import msgspec

from anew.execute import room
from anew.execute.protocol import Ended, Exit, Job
from anew.execute.streams import Channel, kind_of, same_place, write_all

HEARTBEAT = 30.0  # seconds
LINGER = 0.25  # seconds without data after the program's end, before its streams are left to others
PATIENCE = 5.0  # seconds between TERM and KILL
COPIED = ("pipe", "terminal", "device")
IGNORED = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGTSTP,
    signal.SIGTTOU,
    signal.SIGTTIN,
    signal.SIGPIPE,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


@dataclass(slots=True)
class Given:
    """What the program gets as its streams, and what we hold of them."""

    stdin: int
    stdout: int
    stderr: int
    channels: list[Channel] = field(default_factory=list)
    ours: list[int] = field(default_factory=list)  # the program's ends, to be closed on our side
    terminal: int = -1  # the program's side of a terminal made for a replay


def supervise(
    job: Job, alive: int, told: int, heartbeat: Callable[[], object], orphaned: Callable[[], object]
) -> NoReturn:
    """Run `job` to its end; write lines to `told`: the program's pid, then how it ended.

    Args:
        job: what to run.
        alive: a pipe that ends when the process we serve is gone.
        told: a pipe to that process.
        heartbeat: called about every `HEARTBEAT` seconds.
        orphaned: called once that process is gone.
    """
    dispositions = {number: signal.getsignal(number) for number in IGNORED}
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    given = _own(job) if job.streams is None else _made(job)
    start = time.monotonic()
    child, trouble = _start(job, given, dispositions)
    for descriptor in set(given.ours):
        os.close(descriptor)
    _tell(told, b"%d\n" % child)
    watcher = _Watcher(job, given, child, alive, heartbeat, orphaned)
    if job.streams is None:
        signal.signal(signal.SIGWINCH, lambda *_: watcher.resize())
    ended = watcher.watch(start)
    ended = _with_trouble(ended, trouble)
    _make_durable(job, given, ended)
    last = next((c.last for c in reversed(given.channels) if c.name != "stdout"), b"\n")
    if given.channels and given.channels[0].terminal:
        last = given.channels[0].last if last == b"\n" else last
    _tell(told, msgspec.json.encode(Ended(ended, last != b"\n")) + b"\n")
    os.close(told)
    if ended.lingering:
        watcher.copy_on()
    os._exit(0)


def _tell(told: int, line: bytes) -> None:
    try:
        write_all(told, line)
    except OSError:
        pass  # noqa: S110 - nobody is left to be told


def _own(job: Job) -> Given:
    """Give the program our own streams; pipes and terminals by way of us."""
    given = Given(0, 1, 2)
    kinds = {1: kind_of(1), 2: kind_of(2)}
    merged = kinds[1] == kinds[2] and kinds[1] in COPIED and same_place(1, 2)
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        if kinds[descriptor] not in COPIED:
            continue
        if descriptor == 2 and merged:  # noqa: PLR2004 - stderr
            given.stderr = given.stdout
            continue
        source, end = _way(kinds[descriptor] == "terminal", descriptor)
        name = "console" if merged else name
        terminal = kinds[descriptor] == "terminal"
        given.channels.append(Channel(name, source, _log(job, name), descriptor, terminal))
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
    master, slave = pty.openpty()
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


def _start(
    job: Job, given: Given, dispositions: Mapping[signal.Signals, object]
) -> tuple[int, int]:
    """Fork and exec; return the pid and a pipe that says what went wrong, if anything."""
    trouble, report = os.pipe()
    child = os.fork()
    if child:
        os.close(report)
        return child, trouble
    try:
        _become(job, given, dispositions, report)
    except OSError as error:
        os.write(report, f"failure:{error.errno or 0}:{error}\n".encode())
    except BaseException as error:  # noqa: BLE001 - told to the parent, which raises it in words
        os.write(report, f"failure:0:{error!r}\n".encode())
    os._exit(127)


def _become(
    job: Job, given: Given, dispositions: Mapping[signal.Signals, object], report: int
) -> None:
    for number, before in dispositions.items():
        ignored = before == signal.SIG_IGN and number is not signal.SIGPIPE
        signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if job.streams is not None:
        os.setsid()
        if given.terminal >= 0:
            fcntl.ioctl(given.terminal, termios.TIOCSCTTY, 0)
    if job.mounts and room.enter(job.mounts, job.spool / "mounts"):
        os.write(report, b"mounted\n")
    ends = [
        os.dup(end) if os.get_inheritable(end) or _is_open(end) else -1
        for end in (given.stdin, given.stdout, given.stderr)
    ]
    for descriptor, end in enumerate(ends):
        if end >= 0:
            os.dup2(end, descriptor)
    if job.fixed_addresses and room.fix_addresses():
        os.write(report, b"fixed\n")
    if job.umask is not None:
        os.umask(job.umask)
    os.chdir(job.directory)
    variables = {
        name.encode("utf-8", "surrogateescape"): value.encode("utf-8", "surrogateescape")
        for name, value in job.variables.items()
    }
    os.execve(job.argv[0], job.argv, variables)  # noqa: S606 - the user's own program


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _with_trouble(ended: Exit, trouble: int) -> Exit:
    """Read what the child reported before it became the program."""
    with open(trouble, "rb") as stream:  # noqa: PTH123 - a descriptor
        lines = stream.read().decode("utf-8", "replace").splitlines()
    for line in lines:
        if line == "fixed":
            ended = replace(ended, fixed_addresses=True)
        elif line == "mounted":
            ended = replace(ended, mounted=True)
        elif line.startswith("failure:"):
            _, number, text = line.split(":", 2)
            ended = replace(ended, code=None, failure=text, errno=int(number))
    return ended


def _make_durable(job: Job, given: Given, ended: Exit) -> None:
    """Write the streams and the exit through to the disk, before anything is hashed."""
    for channel in given.channels:
        if channel.log >= 0:
            try:
                os.fsync(channel.log)
            except OSError:
                channel.whole = False
    try:
        part = os.open(job.spool / "exit.part", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.write(part, msgspec.json.encode(ended))
        os.fsync(part)
        os.close(part)
        os.replace(job.spool / "exit.part", job.spool / "exit.json")
    except OSError:
        pass  # noqa: S110 - a full disk: the process we serve is told by the pipe


@dataclass(slots=True)
class _Watcher:
    """Copies streams until the program has ended and they are empty."""

    job: Job
    given: Given
    child: int
    alive: int
    heartbeat: Callable[[], object]
    orphaned: Callable[[], object]

    def watch(self, start: float) -> Exit:
        poll = select.poll()
        gone = os.pidfd_open(self.child)
        poll.register(gone, select.POLLIN)
        poll.register(self.alive, select.POLLIN)
        by_source = {channel.source: channel for channel in self.given.channels}
        for channel in self.given.channels:
            poll.register(channel.source, select.POLLIN)
            if channel.sink is not None and not channel.terminal:
                poll.register(channel.sink, 0)  # only errors: whoever reads us has gone
        beat = due = time.monotonic()
        deadline = start + self.job.timeout if self.job.timeout is not None else None
        status: tuple[int, object] | None = None
        timed_out, end = False, 0.0
        while status is None or by_source:
            ready = poll.poll(self._wait(status is not None, deadline))
            now = time.monotonic()
            if now - beat > HEARTBEAT:
                beat = now
                self.heartbeat()
            if deadline is not None and now > deadline and status is None:
                timed_out = True
                deadline = now + PATIENCE
                self._stop(signal.SIGKILL if now - due > self.job_timeout() else signal.SIGTERM)
            if status is not None and not ready:
                break
            for descriptor, events in ready:
                if descriptor == gone:
                    _, code, usage = os.wait4(self.child, 0)
                    end, status = time.monotonic(), (code, usage)
                    poll.unregister(gone)
                elif descriptor == self.alive:
                    poll.unregister(self.alive)
                    self.orphaned()
                elif descriptor in by_source:
                    self._copy(poll, by_source, descriptor)
                elif events & (select.POLLERR | select.POLLNVAL):
                    poll.unregister(descriptor)
                    self._reader_gone(poll, by_source, descriptor)
        assert status is not None
        return self._exit(status, end - start, timed_out=timed_out, lingering=bool(by_source))

    def job_timeout(self) -> float:
        """Return the time after which a program that ignored TERM is killed."""
        return (self.job.timeout or 0.0) + PATIENCE / 2

    def _wait(self, over: bool, deadline: float | None) -> float:  # noqa: FBT001
        if over:
            return LINGER * 1000
        pause = HEARTBEAT if deadline is None else min(HEARTBEAT, deadline - time.monotonic())
        return max(pause, 0.01) * 1000

    def _copy(self, poll: select.poll, by_source: dict[int, Channel], source: int) -> None:
        channel = by_source[source]
        going = channel.take()
        if not going or not channel.open:
            poll.unregister(source)
            os.close(source)
            del by_source[source]

    def _reader_gone(self, poll: select.poll, by_source: dict[int, Channel], sink: int) -> None:
        for source, channel in list(by_source.items()):
            if channel.sink == sink:
                poll.unregister(source)
                os.close(source)
                channel.open, channel.sink = False, None
                del by_source[source]

    def _stop(self, number: int) -> None:
        try:
            os.killpg(self.child, number)
        except OSError:
            pass  # noqa: S110 - it has just ended by itself

    def _exit(
        self, status: tuple[int, object], duration: float, *, timed_out: bool, lingering: bool
    ) -> Exit:
        code = os.waitstatus_to_exitcode(status[0])
        usage = status[1]
        seconds = getattr(usage, "ru_utime", 0.0) + getattr(usage, "ru_stime", 0.0)
        return Exit(
            code if code >= 0 else None,
            -code if code < 0 else None,
            int(duration * 1e6),
            int(seconds * 1e6),
            getattr(usage, "ru_maxrss", 0) * 1024,
            timed_out=timed_out,
            truncated=tuple(c.name for c in self.given.channels if not c.whole),
            lingering=lingering,
        )

    def resize(self) -> None:
        """Hand a new size of the outer terminal on; the program may have looked too early."""
        for channel in self.given.channels:
            if channel.terminal and channel.sink is not None and channel.open:
                try:
                    size = fcntl.ioctl(channel.sink, termios.TIOCGWINSZ, b"\0" * 8)
                    fcntl.ioctl(channel.source, termios.TIOCSWINSZ, size)
                    os.kill(self.child, signal.SIGWINCH)
                except OSError:
                    continue

    def copy_on(self) -> None:
        """Copy for as long as something that outlived the program still writes."""
        for channel in self.given.channels:
            while channel.open and channel.take():
                pass
