"""Follows programs from outside, where nothing can be loaded into them: `--trace=full`."""

import array
import contextlib
import ctypes
import errno
import os
import platform
import socket
from collections.abc import Callable
from functools import cache
from pathlib import Path

_LIBRARY = Path(__file__).parents[1] / "probe" / "native" / "libfollow.so"
_WHY = {
    errno.EBUSY: "something else is asked about the system calls of this process already: "
    "a container or a sandbox around it",
    errno.EINVAL: f"Linux {platform.release()} cannot hand system calls over to be looked at",
    errno.ENOSYS: f"Linux {platform.release()} cannot hand system calls over to be looked at, "
    "or what runs this process forbids it",
    errno.EACCES: "what runs this process forbids it to filter system calls",
    errno.EPERM: "what runs this process forbids it to look at the memory of others",
}


@cache
def _library() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(str(_LIBRARY))
    except OSError:
        return None


@cache
def why_impossible() -> str:
    """Return why programs cannot be followed here, found out by following one; empty: they can."""
    library = _library()
    if library is None:
        return "Anew was built without its C library"
    failed = -library.anew_follow_try()
    return _words(failed) if failed else ""


def _words(number: int) -> str:
    return _WHY.get(number) or os.strerror(number)


class Follower:
    """Follows one program and all it starts: by threads of the process that is its parent.

    Where that one has moved to another process namespace it can have no threads: then a process
    `apart`, started before, follows. Both have a relief, a process that answers when they are gone.
    """

    def __init__(self, spool: Path, preloaded: str, *, apart: bool) -> None:
        """Make ready, before the program is forked; `preloaded` is the library it loads first."""
        self.pids: tuple[int, ...] = ()
        self.why = ""
        self._library = _library()
        self._ours, self._theirs = socket.socketpair()
        self._apart = apart
        if self._library is None:
            self.why = "Anew was built without its C library"
            return
        failed = self._library.anew_follow_prepare(os.fsencode(spool), os.fsencode(preloaded))
        try:
            if not failed:
                self._start_others()
        except OSError as error:
            failed = -(error.errno or errno.EAGAIN)
        if failed:
            self.why = _words(-failed)

    def _start_others(self) -> None:
        self._baton, taken = socket.socketpair()
        self._call = os.eventfd(0)
        chief = 0
        if self._apart:
            self._hold, over = socket.socketpair()
            chief = _forked(self._follow_apart, over)
            over.close()
        gone = os.pidfd_open(chief or os.getpid())
        self.pids = (chief, _forked(self._relieve, taken, gone))
        os.close(gone)
        taken.close()

    def install(self) -> str:
        """Let this process be followed: from now on it may do nothing but become the program.

        Returns why that is not possible; empty: it is done.
        """
        if self.why or self._library is None:
            return self.why
        done = self._library.anew_follow_install(self._theirs.fileno())
        return _words(-done) if done < 0 else ""

    def begin(self) -> None:
        """Answer for the program, as soon as it has installed what asks us, until it has ended."""
        self._theirs.close()
        if self.pids and not self._apart:
            self._follow()
        self._ours.close()

    def _follow(self) -> None:
        listener, bound = _received(self._ours)
        if listener >= 0 and self._library is not None:
            with contextlib.suppress(OSError):  # it may have been killed
                socket.send_fds(self._baton, [b"x"], [listener])
            if self._library.anew_follow_begin(listener, bound):
                os.eventfd_write(self._call, 1)  # no threads to be had: the relief has to do it
        self._baton.close()

    def end(self) -> None:
        """Follow no more: what is left of the program goes on unseen, and is not held up."""
        if self._apart and self.pids:
            self._hold.close()
            os.waitpid(self.pids[0], 0)
        elif self.pids and self._library is not None:
            self._library.anew_follow_end()

    def _follow_apart(self, over: socket.socket) -> None:
        self._hold.close()
        _keep_only(self._ours.fileno(), self._baton.fileno(), self._call, over.fileno())
        self._follow()
        over.recv(1)  # until it is closed: by `end`, or by the end of the process that has it
        assert self._library is not None
        self._library.anew_follow_end()

    def _relieve(self, taken: socket.socket, gone: int) -> None:
        _keep_only(taken.fileno(), gone, self._call)
        listener, _ = _received(taken)
        taken.close()
        if listener >= 0 and self._library is not None:
            self._library.anew_follow_relieve(listener, gone, self._call)


def _forked(act: Callable[..., None], *given: object) -> int:
    """Start a process that does this and nothing else; return its pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        act(*given)
    finally:
        os._exit(0)


def _keep_only(*descriptors: int) -> None:
    """Close all others: nobody shall wait for us to close them."""
    start = 0
    for each in (*sorted(descriptors), os.sysconf("SC_OPEN_MAX")):
        os.closerange(start, each)
        start = each + 1


def _received(given: socket.socket) -> tuple[int, int]:
    """Wait for a descriptor and the byte it came with; -1: there comes none."""
    size = array.array("i", [0])
    said, extra, _, _ = given.recvmsg(1, socket.CMSG_SPACE(size.itemsize))
    if not extra:
        return -1, 0
    size.frombytes(extra[0][2][: size.itemsize])
    return size[-1], said[0]
