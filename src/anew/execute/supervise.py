"""The process between us and the program: starts it, copies its streams, outlives us if it must."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec
from msgspec.structs import replace

from anew.execute import orphans, room_calls
from anew.execute.beside import Beside
from anew.execute.given import Given, given_to
from anew.execute.protocol import Ended, Exit, Isolation, Job
from anew.execute.streams import write_all
from anew.execute.watch import Watcher

if TYPE_CHECKING:
    from anew.execute.follow import Follower

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


def supervise(
    job: Job,
    alive: int,
    told: int,
    heartbeat: Callable[[], object],
    orphaned: Callable[[], object],
    beside: Beside | None = None,
) -> NoReturn:
    """Run `job` to its end; write lines to `told`: the program's pid, then how it ended.

    Args:
        job: what to run.
        alive: a pipe that ends when the process we serve is gone.
        told: a pipe to that process.
        heartbeat: called about every `HEARTBEAT` seconds.
        orphaned: called once that process is gone.
        beside: what is done while the program runs.
    """
    dispositions = {number: signal.getsignal(number) for number in IGNORED}
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    given = given_to(job)
    orphans.adopt()
    start = time.monotonic()
    follower = _follower(job)
    keeper, roomless = _begin(job)
    child, trouble = _start(job, given, dispositions, roomless, follower)
    if follower is not None:
        follower.begin()
    ours = (keeper, child, *(follower.pids if follower is not None else ()))
    for descriptor in set(given.ours):
        os.close(descriptor)
    _tell(told, b"%d\n" % child)
    watcher = Watcher(job, given, child, alive, heartbeat, orphaned,
                      lambda: orphans.running(ours), beside)  # fmt: skip
    if job.streams is None:
        signal.signal(signal.SIGWINCH, lambda *_: watcher.resize())
    ended = watcher.watch(start)
    ended = _with_trouble(ended, trouble)
    container = job.isolation.container if job.isolation is not None else None
    if container is not None:  # what outlives the engine's command is the engine's
        from anew.execute import contained  # noqa: PLC0415 - few jobs have a container

        ended = contained.how_it_ended(job, container, ended)
    elif not ended.lingering:
        ended = replace(ended, left=orphans.wait(ours))
    if follower is not None:
        follower.end()
    if keeper:
        _end_room(job, keeper)
    _make_durable(job, given, ended)
    _tell(told, msgspec.json.encode(Ended(ended, _is_mid_line(given))) + b"\n")
    os.close(told)
    if ended.lingering:
        watcher.copy_on()
    os._exit(0)


def _is_mid_line(given: Given) -> bool:
    """Say whether what was written to the terminal last did not end its line."""
    last = next((c.last for c in reversed(given.channels) if c.name != "stdout"), b"\n")
    if given.channels and given.channels[0].terminal:
        last = given.channels[0].last if last == b"\n" else last
    return last != b"\n"


def _tell(told: int, line: bytes) -> None:
    with contextlib.suppress(OSError):  # nobody may be left to be told
        write_all(told, line)


def _follower(job: Job) -> Follower | None:
    if not job.follow:
        return None
    from anew.execute.follow import Follower  # noqa: PLC0415 - few jobs are followed

    return Follower(job.spool, job.preloaded, apart=job.isolation is not None)


def _begin(job: Job) -> tuple[int, str]:
    """Begin a clean room where one is asked for; return its first process, and what went wrong."""
    if job.isolation is None or job.isolation.container is not None:
        return 0, ""
    from anew.execute import room_clean  # noqa: PLC0415 - few jobs have a room

    try:
        return room_clean.begin(job.isolation), ""
    except OSError as error:
        return 0, str(error)


def _end_room(job: Job, keeper: int) -> None:
    from anew.execute import room_clean, room_limits  # noqa: PLC0415 - few jobs have a room

    room_clean.end(keeper)
    room_limits.release(job.spool.name)


def _start(
    job: Job,
    given: Given,
    dispositions: Mapping[signal.Signals, object],
    roomless: str,
    follower: Follower | None,
) -> tuple[int, int]:
    """Fork and exec; return the pid and a pipe that says what went wrong, if anything."""
    trouble, report = os.pipe()
    child = os.fork()
    if child:
        os.close(report)
        return child, trouble
    try:
        if job.isolation is not None and job.isolation.container is None:
            if roomless:
                raise OSError(roomless)
            _shut_in(job, job.isolation, given, report)
    except BaseException as error:  # noqa: BLE001 - told to the parent; the program is not started
        os.write(report, f"roomless:{error}\n".encode())
        os._exit(127)
    try:
        _become(job, given, dispositions, report, follower)
    except OSError as error:
        os.write(report, f"failure:{error.errno or 0}:{error}\n".encode())
    except BaseException as error:  # noqa: BLE001 - told to the parent, which raises it in words
        os.write(report, f"failure:0:{error!r}\n".encode())
    os._exit(127)


def _shut_in(job: Job, isolation: Isolation, given: Given, report: int) -> None:
    """Move into the clean room; until then nothing of the program has run."""
    from anew.execute import room_clean, room_limits  # noqa: PLC0415 - few jobs have a room

    said = room_limits.limit(isolation.memory, isolation.cores, job.spool.name)
    terminal = os.ttyname(given.terminal) if given.terminal >= 0 else ""
    room_clean.enter(isolation, job.mounts, job.spool / "mounts", terminal)
    os.write(report, b"".join(b"limited:%s\n" % line.encode() for line in said))
    os.write(report, b"mounted\nisolated:namespaces\n")


def _become(
    job: Job,
    given: Given,
    dispositions: Mapping[signal.Signals, object],
    report: int,
    follower: Follower | None,
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
    if job.isolation is None and job.mounts:
        from anew.execute import room  # noqa: PLC0415 - only replays have mounts

        if room.enter(job.mounts, job.spool / "mounts"):
            os.write(report, b"mounted\n")
    ends = [
        os.dup(end) if os.get_inheritable(end) or _is_open(end) else -1
        for end in (given.stdin, given.stdout, given.stderr)
    ]
    for descriptor, end in enumerate(ends):
        if end >= 0:
            os.dup2(end, descriptor)
    if job.fixed_addresses and room_calls.fix_addresses():
        os.write(report, b"fixed\n")
    if job.isolation is not None and job.isolation.container is not None:
        from anew.execute import contained  # noqa: PLC0415 - few jobs have a container

        container = job.isolation.container
        os.write(report, b"mounted\nisolated:%s\n" % container.engine.encode())
        contained.become(job, container)
    if job.umask is not None:
        os.umask(job.umask)
    os.chdir(job.directory)
    variables = {
        name.encode("utf-8", "surrogateescape"): value.encode("utf-8", "surrogateescape")
        for name, value in job.variables.items()
    }
    why = follower.install() if follower is not None else ""
    if why:
        os.write(report, f"unfollowed:{why}\n".encode())
    os.write(report, b"spent:%d\n" % (time.process_time_ns() // 1000))  # by us, until here
    os.execve(job.argv[0], job.argv, variables)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _with_trouble(ended: Exit, trouble: int) -> Exit:
    """Read what the child reported before it became the program."""
    with open(trouble, "rb") as stream:
        lines = stream.read().decode("utf-8", "replace").splitlines()
    for line in lines:
        if line == "fixed":
            ended = replace(ended, fixed_addresses=True)
        elif line == "mounted":
            ended = replace(ended, mounted=True)
        elif line.startswith("isolated:"):
            ended = replace(ended, isolated=line.partition(":")[2])
        elif line.startswith("spent:"):
            ended = replace(ended, cpu_time=max(0, ended.cpu_time - int(line.partition(":")[2])))
        elif line.startswith("unfollowed:"):
            ended = replace(ended, unfollowed=line.partition(":")[2])
        elif line.startswith("limited:"):
            ended = replace(ended, limited=(*ended.limited, line.partition(":")[2]))
        elif line.startswith("roomless:"):
            text = line.partition(":")[2]
            ended = replace(ended, code=None, failure=text, roomless=True)
        elif line.startswith("failure:"):
            _, number, text = line.split(":", 2)
            ended = replace(ended, code=None, failure=text, errno=int(number))
    return ended


def _make_durable(job: Job, given: Given, ended: Exit) -> None:
    """Write the spool through to the disk, the exit last, before anything is hashed."""
    for channel in given.channels:
        if channel.log >= 0:
            try:
                os.fsync(channel.log)
            except OSError:
                channel.whole = False
    for place in (".", "probe", "native", "pins", "figures", "roles"):
        with contextlib.suppress(OSError):
            _sync_files(job.spool / place)
            _sync(job.spool / place)
    with contextlib.suppress(OSError):  # a full disk: the process we serve is told by the pipe
        part = os.open(job.spool / "exit.part", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.write(part, msgspec.json.encode(ended))
        os.fsync(part)
        os.close(part)
        os.replace(job.spool / "exit.part", job.spool / "exit.json")
        _sync(job.spool)


def _sync_files(folder: Path) -> None:
    """Write the files of a folder through: a machine that dies now can be sealed for later."""
    with os.scandir(folder) as entries:
        for each in entries:
            if each.is_file(follow_symlinks=False):
                _sync(each.path)


def _sync(path: str | Path) -> None:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
