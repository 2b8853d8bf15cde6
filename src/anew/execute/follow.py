"""Follows programs from outside, where nothing can be loaded into them: `--trace=full`."""

import array
import ctypes
import errno
import os
import platform
import socket
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
REMEDY = "use Linux 5.9 or later, outside of a container or in one that allows seccomp and ptrace"


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


def mark() -> int:
    """Return a number by which calls of our own library are known; nobody makes it by chance."""
    return int.from_bytes(os.urandom(8), "little") >> 2 | 1 << 61


class Follower:
    """Follows one program and all it starts, from threads of the process that is its parent."""

    def __init__(self, spool: Path, preloaded: str) -> None:
        """Make ready, before the program is forked; `preloaded` is the library it loads first."""
        self.relief = 0  # the process that answers when we are gone
        self.why = ""
        self._library = _library()
        self._ours, self._theirs = socket.socketpair()
        if self._library is None:
            self.why = "Anew was built without its C library"
            return
        failed = self._library.anew_follow_prepare(os.fsencode(spool), os.fsencode(preloaded))
        if failed:
            self.why = _words(-failed)

    def install(self) -> str:
        """Let this process be followed: from now on it may do nothing but become the program.

        Returns why that is not possible; empty: it is done.
        """
        if self.why or self._library is None:
            return self.why
        done = self._library.anew_follow_install(self._theirs.fileno())
        return _words(-done) if done < 0 else ""

    def begin(self, program: int) -> None:
        """Answer for the program, as soon as it has installed what asks us, until it has ended."""
        self._theirs.close()
        with self._ours:
            size = array.array("i", [0])
            said, extra, _, _ = self._ours.recvmsg(1, socket.CMSG_SPACE(size.itemsize))
        if not extra or self._library is None:
            return  # it did not come to that, and has said why
        size.frombytes(extra[0][2][: size.itemsize])
        listener = size[-1]
        chief = os.pidfd_open(os.getpid())
        self.relief = os.fork()
        if self.relief == 0:
            self._relieve(listener, chief)
        os.close(chief)
        self._library.anew_follow_begin(listener, said[0], program)

    def _relieve(self, listener: int, chief: int) -> None:
        """Be the process that lets every call go on when all that follow have been killed."""
        try:
            os.setsid()
            first, second = sorted((listener, chief))
            os.closerange(0, first)
            os.closerange(first + 1, second)
            os.closerange(second + 1, os.sysconf("SC_OPEN_MAX"))
            assert self._library is not None
            self._library.anew_follow_relieve(listener, chief)
        finally:
            os._exit(1)

    def end(self) -> None:
        """Follow no more: what is left of the program goes on unseen, and is not held up."""
        if self.relief and self._library is not None:
            self._library.anew_follow_end()
