"""Runs a job on this machine: forks the supervisor, passes signals on, waits."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable

import msgspec
from msgspec import Struct

from anew.execute import supervise
from anew.execute.beside import Beside
from anew.execute.protocol import Ended, Exit, Job

# Sent to us alone they are meant for the program; sent by the terminal, the program has them too.
FORWARDED = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
SENT_BY_USER = 0  # si_code up to this: kill(2) and its like; above: the kernel, for a terminal


class Running(Struct):
    """A job that goes on."""

    supervisor: int
    private: bool  # in a session of its own: signals reach it only through us
    _told: int
    _alive: int
    _mask: set[int | signal.Signals]
    _pid: int = -1  # the program's
    _ended: Ended | None = None

    def wait(self) -> Ended:
        """Wait for the end, passing on the signals that reach us meanwhile."""
        watched = {*FORWARDED, signal.SIGCHLD}
        self._pid = _pid(self._told)
        main = threading.get_ident()
        listener = threading.Thread(target=self._listen, args=(main,), daemon=True)
        listener.start()
        try:
            while self._ended is None:
                info = signal.sigtimedwait(watched, 1.0)
                if info is None or info.si_signo == signal.SIGCHLD:
                    continue
                if self.private or info.si_code <= SENT_BY_USER:
                    self._forward(info.si_signo)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        listener.join()
        os.close(self._told)
        if not self._ended.exit.lingering:
            os.waitpid(self.supervisor, 0)
        os.close(self._alive)
        return self._ended

    def _forward(self, number: int) -> None:
        if self._pid <= 0:  # the supervisor was killed before it started anything
            return
        # It may have ended while the signal was on its way.
        with contextlib.suppress(ProcessLookupError):
            if self.private:
                os.killpg(self._pid, number)
            else:
                os.kill(self._pid, number)

    def _listen(self, main: int) -> None:
        data = b""
        while not data.endswith(b"\n"):
            piece = os.read(self._told, 1 << 16)
            if not piece:
                break
            data += piece
        try:
            self._ended = msgspec.json.decode(data, type=Ended)
        except msgspec.DecodeError:  # the supervisor was killed
            self._ended = Ended(Exit(None, failure="the process that watched it was killed"))
        signal.pthread_kill(main, signal.SIGCHLD)


def start(
    job: Job,
    heartbeat: Callable[[], object],
    orphaned: Callable[[], object],
    beside: Beside | None = None,
) -> Running:
    """Start `job` under a supervisor of its own and return at once.

    From here until `wait` returns, signals are not ours but the program's.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*FORWARDED, signal.SIGCHLD})
    lifeline, alive = os.pipe()
    hears, told = os.pipe()
    supervisor = os.fork()
    if supervisor == 0:
        try:
            os.close(alive)
            os.close(hears)
            supervise.supervise(job, lifeline, told, heartbeat, orphaned, beside)
        finally:
            os._exit(1)
    os.close(lifeline)
    os.close(told)
    return Running(supervisor, job.streams is not None, hears, alive, mask)


def _pid(hears: int) -> int:
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(hears, 1)
        if not piece:
            return -1
        line += piece
    return int(line)
