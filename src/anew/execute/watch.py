"""Watches a program: copies its streams until it has ended and they are empty."""

import contextlib
import fcntl
import os
import select
import signal
import termios
import time
from collections.abc import Callable

from msgspec import Struct

from anew.execute import beside
from anew.execute.beside import Beside
from anew.execute.given import Given
from anew.execute.orphans import PATIENCE
from anew.execute.protocol import Exit, Job
from anew.execute.streams import Channel

HEARTBEAT = 30.0  # seconds
LINGER = 0.25  # seconds without data after the program's end, before its streams are left to others
GRACE = 5.0  # seconds between TERM and KILL


class Watcher(Struct):
    """Copies streams until the program has ended and they are empty."""

    job: Job
    given: Given
    child: int
    alive: int
    heartbeat: Callable[[], object]
    orphaned: Callable[[], object]
    others: Callable[[], object]  # whether processes that outlived the program still run
    beside: Beside | None = None  # what is done while it runs

    def watch(self, start: float) -> Exit:
        """Return how the program ended; `start` is the monotonic clock's, in seconds."""
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
            self._look_beside(over=status is not None)
            if now - beat > HEARTBEAT:
                beat = now
                self.heartbeat()
            if deadline is not None and now > deadline and status is None:
                timed_out = True
                deadline = now + GRACE
                self._stop(signal.SIGKILL if now - due > self.job_timeout() else signal.SIGTERM)
            if status is not None and not ready and (now - end > PATIENCE or not self.others()):
                break
            for descriptor, events in ready:
                if descriptor == gone:
                    _, code, usage = os.wait4(self.child, 0)
                    end, status = time.monotonic(), (code, usage)
                    poll.unregister(gone)
                    self._look_beside(over=True)
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

    def _look_beside(self, *, over: bool) -> None:
        """Let what is done beside the program begin when there is something to do; end it."""
        if self.beside is None:
            return
        if over:
            self.beside.end()
        else:
            self.beside.look()

    def job_timeout(self) -> float:
        """Return the time after which a program that ignored TERM is killed."""
        return (self.job.timeout or 0.0) + GRACE / 2

    def _wait(self, over: bool, deadline: float | None) -> float:  # noqa: FBT001
        if over:
            return LINGER * 1000
        pause = HEARTBEAT if self.beside is None else beside.PAUSE
        if deadline is not None:
            pause = min(pause, deadline - time.monotonic())
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
        with contextlib.suppress(OSError):  # it may just have ended by itself
            os.killpg(self.child, number)

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
