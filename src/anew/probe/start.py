"""Starts the recorder in a process: all its parts, in their order."""

from __future__ import annotations

import os
import posix
import sys
from time import time_ns

from . import (
    acts,
    asked,
    calls,
    channel,
    children,
    draws,
    draws_numpy,
    ending,
    extensions,
    frames,
    given,
    ignored,
    imports,
    inject,
    journal,
    libraries,
    order,
    ranks,
    redact,
    roles,
    seeds,
    state,
    stdin,
    threads,
)
from .text import dump


def begin(folder: str, natively: bool) -> None:  # noqa: FBT001
    """Record this process, if a spool is named; hide from Python code how we came in."""
    spool = posix.environ.get(inject.SPOOL.encode(), b"").decode("utf-8", "surrogateescape")
    parent = posix.environ.get(inject.ROLE.encode(), b"").decode("utf-8", "surrogateescape")
    inject.hide(os.environ._data, folder)  # type: ignore[attr-defined]
    if not spool:
        return
    try:
        state.read(spool)
    except OSError:
        return  # the run it belonged to is over
    state.site = folder
    state.natively = natively
    frames.begin()
    argv = command()
    for name in ("probe", "roles", "pins", "figures"):
        _make(f"{spool}/{name}")
    roles.begin(parent, argv)
    journal.begin(spool, lambda: _introduction(argv))
    journal.introduce_now()
    threads.begin()
    imports.begin()
    ignored.begin()
    calls.begin()
    extensions.begin()
    if natively:
        channel.begin(acts.act)
    else:
        from . import files

        files.begin()
    order.begin()
    children.begin()
    asked.begin()
    posix.register_at_fork(after_in_child=_after_fork)
    draws.begin()
    draws_numpy.begin()
    libraries.begin()
    stdin.begin()
    ending.begin()


def command() -> list[str]:
    """Return the command line; `sys.argv` is not there yet."""
    words = getattr(sys, "orig_argv", None)
    if words is not None:
        return list(words)
    try:
        descriptor = posix.open("/proc/self/cmdline", posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            data = posix.read(descriptor, 1 << 21)
        finally:
            posix.close(descriptor)
    except OSError:
        return []
    return [word.decode("utf-8", "surrogateescape") for word in data.split(b"\0")[:-1]]


def _make(path: str) -> None:
    try:
        posix.mkdir(path, 0o700)
    except OSError:
        pass  # it is there, or nothing can be written: that shows with the first event


def _introduction(argv: list[str]) -> str:
    name = sys.implementation.name
    facts: dict[str, object] = {
        "role": roles.process(),
        "how": state.how,
        "rank": ranks.rank(),
        "argv": redact.words(argv),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "implementation": {"cpython": "CPython", "pypy": "PyPy"}.get(name, name),
        "version": sys.version.split(maxsplit=1)[0],
        "build": sys.version,
        "platform": f"{sys.platform}-{posix.uname().machine}",
        "path": list(sys.path),
        "cwd": frames.directory(),
        "utc": time_ns(),
    }
    # Numbers are small in a clean room: by their lengths memory must not be another there.
    numbers = f'{{"pid":{posix.getpid():7},"ppid":{posix.getppid():7},'
    return numbers + dump(facts)[1:]


def _after_fork() -> None:
    try:
        state.how = "fork"
        journal.busy.clear()
        roles.after_fork()
        seeds.after_fork()
        given.after_fork()
        ending.after_fork()
        journal.begin(state.spool, lambda: _introduction(command()))
    except Exception as error:
        journal.fault("after a fork", error)
