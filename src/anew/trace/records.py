"""Records: what the C library told, from the bytes of its chunks to events and programs."""

import struct
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from anew.model.record import Gap
from anew.model.tree import Stamp
from anew.trace.calling import Call
from anew.trace.calling import plain as plain_host
from anew.trace.chunks import CHUNK, CHUNK_MARK
from anew.trace.events import FOLDER, Deed, Event
from anew.trace.own import Own
from anew.trace.programs import Attempt, How, Program, Programs

RECORD_MARK = 0x77656E61
_RECORD = struct.Struct("<IIHHIQ6qII")
_STATE = struct.Struct("<6q")
_HAS_STAMP = 0x100
_KIND, _REGULAR = 0o170000, 0o100000

(_START, _FORKED, _ENDED, _EXEC, _EXEC_FAILED, _SPAWNED, _REAPED, _GAP, _FOLLOWING) = range(1, 10)
(_OPENED, _LISTED, _AWAY, _HERE, _REMOVED, _EMPTIED, _MADE, _CUT, _LINKED, _LINKED_SOFTLY,
 _PINNED, _LOST, _STATED, _CONNECTED, _LOOKED_UP, _ASKED, _PIPED,
 _WALKED, _TOUCHED) = range(10, 29)  # fmt: skip

_OPENINGS = {
    ord("r"): Deed.READ,
    ord("m"): Deed.IMPORTED,
    ord("c"): Deed.CREATED,
    ord("w"): Deed.TRUNCATED,
    ord("u"): Deed.UPDATED,
    ord("U"): Deed.CHANGED,
}
_READS = (Deed.READ, Deed.IMPORTED)
_new = tuple.__new__  # in a third of the time
_DEEDS = {
    _REMOVED: Deed.DELETED,
    _EMPTIED: Deed.DELETED,
    _CUT: Deed.UPDATED,
    _STATED: Deed.LOOKED_AT,
    _WALKED: Deed.WALKED,
}
_NOTED = {
    _AWAY: Deed.MOVED_AWAY,
    _HERE: Deed.MOVED_HERE,
    _LINKED: Deed.LINKED,
    _PINNED: Deed.PINNED,
    _LOST: Deed.LOST,
}
_ENDS = (_REMOVED, _HERE)  # with the state of a file that goes, or gives way to another
_WHY = ("", "it is linked statically", "it is built for another machine",
        "it runs with another user's rights", "it is built with an address sanitizer")  # fmt: skip
# Whose draws are not named: Python's are looked after in Python, libxml2's order its tables, the
# others keep secrets.
_NO_MATTER = (
    "python", "libpython", "pypy", "libpypy", "etree.", "libxml2", "libcrypto", "libssl",
    "libgcrypt", "libgnutls", "libnettle", "libsodium", "libssh", "libkrb5", "libnss",
    "libfreebl", "libsoftokn", "ssh", "gpg", "mktemp",
)  # fmt: skip
_NO_FILES = ("libtorch",)  # it has libuv in it, for the sockets of its store of keys and no files
# What cannot be told where all calls are followed from outside.
_UNSEEN = {
    "rights": "{} ran without the rights of another user, which full tracing takes from all",
    "inside": "{} was started with an emptied environment: what only Python knows is not seen",
    "unseen": "{} could not be followed: the system forbids to look at its memory",
    "short": "not all calls of {} could be looked at: too many files were open",
    "handle": "{} opened a file by a handle, which has no name",
    "blind": "what followed the programs was killed: from then on nothing was seen{}",
}
_REMEDIES = {
    "rights": "record as the administrator, or without --trace=full",
    "inside": "pass the environment on to it",
    "unseen": "make the program readable, or record as the administrator",
    "short": "lift the limit on open files",
    "handle": "open it by a path",
    "blind": "run it again",
}
_HOW = {ord("e"): How.EXEC, ord("s"): How.SPAWN, ord("c"): How.SHELL}


class Told(Struct):
    """All that the processes of a run told through the C library."""

    events: list[Event] = field(default_factory=list)
    programs: Programs = field(default_factory=Programs)
    calls: list[Call] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    pipes: set[str] = field(default_factory=set)
    gaps: list[Gap] = field(default_factory=list)
    lost: int = 0
    own: Own = field(default_factory=Own)


class _Line(Struct):
    kind: int
    detail: int
    pid: int
    time: int
    stamp: tuple[int, ...]
    first: bytes
    second: bytes


def read(chunks: Iterable[bytes], plain: Callable[[str], str]) -> Told:
    """Return what the chunks of a run hold; `plain` makes a path absolute and without dots."""
    told = Told()
    lines: list[_Line] = []
    for chunk in chunks:
        told.lost += CHUNK.unpack_from(chunk)[3]
        lines += _lines(chunk, told.events, plain)
    lines.sort(key=lambda line: line.time)
    for line in lines:
        if line.kind == _GAP:
            told.gaps += _blind(_text(line.first), _text(line.second))
            if line.first == b"blind":
                told.programs.blind = line.time
        elif line.kind < _OPENED:
            _take_program(told.programs, line)
        else:
            _take(told, line, plain)
    return told


def _lines(chunk: bytes, events: list[Event], plain: Callable[[str], str]) -> Iterator[_Line]:
    """Yield each record that was written to its end; a torn one is passed over.

    That a file was opened is by far the most: it goes to `events` at once.
    """
    mark, used, size, _, _ = CHUNK.unpack_from(chunk)
    if mark != CHUNK_MARK:
        return
    at, end = CHUNK.size, min(used, size, len(chunk))
    while at + _RECORD.size <= end:
        values = _RECORD.unpack_from(chunk, at)
        length = values[1]
        if values[0] != RECORD_MARK or length < _RECORD.size or at + length > end:
            at += 8
            continue
        first = at + _RECORD.size
        second = first + values[12]
        at += length
        detail = values[3]
        if values[2] == _OPENED and (deed := _OPENINGS.get(detail & 0xFF)):
            made = deed is Deed.CREATED  # the stamp is that of the new file: there was none before
            stamp = _new(Stamp, values[6:12]) if detail & _HAS_STAMP and not made else None
            path = plain(_text(chunk[first:second]))
            events.append(_new(Event, (values[5], deed, path, stamp, "", (), values[4])))
            if deed in _READS:
                continue
        yield _Line(
            values[2], detail, values[4], values[5], values[6:12],
            chunk[first:second], chunk[second : second + values[13]],
        )  # fmt: skip


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _take(told: Told, line: _Line, plain: Callable[[str], str]) -> None:
    kind = line.kind
    if kind == _ASKED:
        told.asked.add(_text(line.first))
        return
    if kind in (_CONNECTED, _LOOKED_UP):
        _called(told, line)
        return
    path = plain(_text(line.first))
    stamp = Stamp(*line.stamp) if line.detail & _HAS_STAMP else None
    if stamp is not None and kind in _ENDS:
        told.own.gone(stamp)
    if kind == _OPENED:
        _opened(told, line, path, stamp)
    elif kind == _PIPED:
        told.pipes.add(path)
    elif kind in _DEEDS:
        if kind == _CUT and stamp is not None:
            told.own.wrote(stamp)
        told.events.append(Event(line.time, _DEEDS[kind], path, stamp, pid=line.pid))
    elif kind in _NOTED:
        _noted(told, line, path, stamp, plain)
    else:
        told.events += _seldom(line, path, stamp, plain)


def _noted(
    told: Told, line: _Line, path: str, stamp: Stamp | None, plain: Callable[[str], str]
) -> None:
    kind, note, pid = line.kind, _text(line.second), line.pid
    if kind not in (_PINNED, _LOST):
        note = plain(note)
    if kind == _LINKED:
        if stamp is not None and stamp.mode & _KIND == _REGULAR:
            told.events.append(Event(line.time, Deed.READ, note, stamp, pid=pid))
        stamp = None  # it was that of the file which got another name
    told.events.append(Event(line.time, _NOTED[kind], path, stamp, note, pid=pid))


def _seldom(
    line: _Line, path: str, stamp: Stamp | None, plain: Callable[[str], str]
) -> tuple[Event, ...]:
    """Return what is told of folders, links and permissions."""
    kind, time, pid = line.kind, line.time, line.pid
    if kind == _LISTED:
        names = tuple(_text(name) for name in line.second.split(b"\0")[:-1])
        return (Event(time, Deed.LISTED, path, stamp, "", names, pid),)
    if kind == _MADE:
        return (Event(time, Deed.CREATED, path, None, FOLDER, (), pid),)
    if kind == _LINKED_SOFTLY:
        target = _leads_to(_text(line.second), path, plain)
        return (Event(time, Deed.LINKED_SOFTLY, path, None, target, (), pid),)
    if kind == _TOUCHED and len(line.second) == _STATE.size:
        after = " ".join(map(str, _STATE.unpack(line.second)))
        return (Event(time, Deed.TOUCHED, path, stamp, after, (), pid),)
    return ()


def _leads_to(target: str, link: str, plain: Callable[[str], str]) -> str:
    return plain(target if target.startswith("/") else f"{link.rpartition('/')[0]}/{target}")


def _opened(told: Told, line: _Line, path: str, stamp: Stamp | None) -> None:
    """Take what was opened and is no file, or cannot be told; and what the run made or wrote."""
    letter = chr(line.detail & 0xFF)
    if letter in "wuU":
        if stamp is not None:
            told.own.wrote(stamp)
    elif letter == "c":
        if stamp is not None:
            told.own.made(stamp)
    elif letter in "px":
        if path not in told.pipes:
            verb, aspect = ("read from", "inputs") if letter == "p" else ("wrote to", "outputs")
            told.gaps.append(_entropy(path) or Gap(aspect, f"{verb} {path}, which is no file",
                                                   "give the data in a file"))  # fmt: skip
    elif letter == "q":
        told.gaps.append(
            Gap("inputs", f"{path} was read under a filter of system calls: its state is unknown",
                "read it before the filter is set")
        )  # fmt: skip
    else:
        told.gaps.append(
            Gap("inputs", f"a file was opened by a path that could not be resolved: {path}",
                "use shorter, absolute paths")
        )  # fmt: skip


def _entropy(path: str) -> Gap | None:
    return _drew("compiled code", path) if path in ("/dev/urandom", "/dev/random") else None


def _drew(who: str, source: str) -> Gap:
    return Gap("seeds", f"{who} drew from {source}: a replay cannot give that back",
               "where the result depends on it, set that library's seed")  # fmt: skip


def _called(told: Told, line: _Line) -> None:
    host, family = _text(line.first), chr(line.detail & 0xFF)
    if family == "u":  # a socket of this machine
        return
    call = Call(line.time, line.pid, plain_host(host))
    if line.kind == _CONNECTED:
        port = str(line.stamp[0]) if line.stamp[0] else ""
        call = replace(call, port=port, code=_text(line.second))
    elif family == "a":  # the answer
        addresses = line.second.split(b"\0")
        call = replace(
            call, asked=True, addresses=tuple(plain_host(_text(each)) for each in addresses if each)
        )
    elif host:
        call = replace(call, asked=True, port=_text(line.second))
    told.calls.append(call)


def _take_program(programs: Programs, line: _Line) -> None:
    words = tuple(_text(word) for word in line.second.split(b"\0") if word)
    pid, time, first, second = line.pid, line.time, line.stamp[0], line.stamp[1]
    if line.kind == _START:
        executable, _, cwd = line.first.partition(b"\0")
        programs.start(
            Program(pid, first, time, _text(executable), _text(cwd), words, pipes=line.stamp[1:4])
        )
    elif line.kind == _FORKED:
        programs.start(Program(pid, first, time, forked=True, pipes=line.stamp[1:4]))
    elif line.kind == _ENDED:
        programs.end(pid, time, (first & 0xFF) << 8)
    elif line.kind == _REAPED:
        programs.end(first, time, second)
    elif line.kind == _EXEC:
        why = _WHY[first] if first < len(_WHY) else ""
        how = _HOW.get(line.detail & 0xFF, How.EXEC)
        programs.attempts.append(Attempt(pid, time, _text(line.first), words, how, why))
    elif line.kind == _EXEC_FAILED:
        programs.attempted(pid, _text(line.first), None)
    elif line.kind == _FOLLOWING:
        programs.followed = True
    elif line.kind == _SPAWNED:
        programs.attempted(pid, _text(line.first), first)


def _blind(key: str, what: str) -> list[Gap]:
    if key == "entropy":
        name = what.rpartition("/")[2]
        return [] if name.startswith(_NO_MATTER) else [_drew(name, "the system's entropy")]
    if key in _UNSEEN:
        return [Gap("trace", _UNSEEN[key].format(what), _REMEDIES[key])]
    if key == "mounted":
        return [Gap("trace", "a program mounted something of its own: what lies there is not seen",
                    "mount it before the run")]  # fmt: skip
    if key == "io_uring":
        if what.rpartition("/")[2].startswith(_NO_FILES):
            return []
        return [Gap("trace", "the program reads and writes through io_uring, which is not seen",
                    "switch it off in the program's settings")]  # fmt: skip
    return [Gap("trace", f"the program changed its root folder to {what}: paths below are its own",
                "run it without chroot")]  # fmt: skip
