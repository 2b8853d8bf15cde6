"""Runs a job in a container: hands it to the first process there, and learns how it ended."""

import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from anew.execute import engine
from anew.execute.protocol import Container, Exit, Job, Mount
from anew.trace.places import inside

HANDED = "container.json"  # in the spool, which the container sees
ENDED = HANDED + ".ended"
LAST = 2000  # bytes of what an engine said that are a reason


class _Told(Struct):
    """What the first process of a container tells of the program it started."""

    status: int
    cpu_time: float = 0.0  # seconds
    peak_memory: int = 0
    trouble: str = ""


def become(job: Job, container: Container) -> NoReturn:
    """Turn this process into the engine that runs `job`; its streams are in place.

    Raises:
        OSError: the engine cannot be started.
    """
    umask = job.umask
    if umask is None:
        umask = os.umask(0o022)
        os.umask(umask)
    handed = {"argv": job.argv, "directory": job.directory, "umask": umask,
              "variables": dict(job.variables), "streams": _streams(job)}  # fmt: skip
    place = job.spool / HANDED
    place.write_text(json.dumps(handed), encoding="ascii")
    place.chmod(0o644)
    if os.getuid() == 0 and container.user != 0:
        hand_over(job.spool, container.user, container.group)
    kinds = job.streams
    terminal = kinds is not None and "terminal" in (kinds.stdin, kinds.stdout)
    stdin = [Mount(str(job.stdin), str(job.stdin), read_only=True)] if job.stdin else []
    mounts = [*job.mounts, *stdin]
    _make_points(mounts)
    words = engine.words_to_run(
        container, mounts,
        interactive=kinds is None or kinds.stdin not in ("null", "closed"), terminal=terminal,
        first=(container.interpreter, "-I", "-S", "-X", "utf8", container.first, str(place)),
    )  # fmt: skip
    os.chdir("/")
    os.execvp(words[0], words)


def _make_points(mounts: Sequence[Mount]) -> None:
    """Make what is mounted upon in folders of ours; an engine makes it so that we cannot remove it.

    That is so where it runs without root's rights: it belongs to another user id then.
    """
    for mount in mounts:
        covering = [
            each for each in mounts
            if each.target not in ("/", mount.target) and inside(mount.target, each.target)
        ]  # fmt: skip
        below = max(covering, key=lambda each: len(each.target), default=None)
        if below is None or below.read_only:
            continue
        point = Path(below.source + mount.target[len(below.target) :])
        if os.path.lexists(point):
            continue
        point.parent.mkdir(parents=True, exist_ok=True)
        if os.path.isdir(mount.source):
            point.mkdir()
        else:
            point.touch()


def _streams(job: Job) -> dict[str, str]:
    """Return what the first process opens as a stream itself, as an engine gives but pipes.

    `=1` stands for what descriptor 1 is.
    """
    kinds, found = job.streams, dict[str, str]()
    if kinds is None:
        return found
    if kinds.stdin == "file" and job.stdin is not None:
        found["0"] = str(job.stdin)
    for number, name, kind in (("1", "stdout", kinds.stdout), ("2", "stderr", kinds.stderr)):
        if kind == "null":
            found[number] = os.devnull
        elif kind == "file":
            found[number] = str(job.spool / ("console" if kinds.merged else name))
    if kinds.merged and "2" not in found:
        found["2"] = "=1"
    return found


def how_it_ended(job: Job, container: Container, ended: Exit) -> Exit:
    """Return how the program ended, told from inside; the engine itself knows it less well."""
    try:
        data = (job.spool / ENDED).read_bytes()
        told = msgspec.json.decode(data, type=_Told)
    except (OSError, msgspec.MsgspecError):
        engine.remove(container)  # it may go on without the process that we watched
        if ended.timed_out or ended.signal is not None:
            return ended
        if ended.code == 128 + signal.SIGKILL:  # all in it were killed, the first process too
            return replace(ended, code=None, signal=int(signal.SIGKILL))
        return replace(ended, code=None, failure=_last_words(job), roomless=True)
    code = os.waitstatus_to_exitcode(told.status)
    number, _, text = told.trouble.partition(":")
    return replace(
        ended,
        code=code if code >= 0 and not text else None,
        signal=-code if code < 0 else None,
        cpu_time=int(told.cpu_time * 1e6),
        peak_memory=told.peak_memory,
        failure=text or ended.failure,
        errno=int(number or 0),
    )


def _last_words(job: Job) -> str:
    """Return what the engine wrote to stderr, which was to be the program's."""
    for name in ("stderr", "console"):
        try:
            data = (job.spool / name).read_bytes()
        except OSError:
            continue
        if data.strip():
            return " ".join(data[-LAST:].decode("utf-8", "replace").split())
    return "the engine did not start the container, and said nothing"


def hand_over(folder: Path, user: int, group: int) -> None:
    """Give a folder and all in it to the user that a program runs as."""
    for place, _, names in os.walk(folder):
        os.chown(place, user, group)
        for name in names:
            os.chown(os.path.join(place, name), user, group, follow_symlinks=False)
