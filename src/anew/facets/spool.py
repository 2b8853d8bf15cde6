"""Reads what a run left in its spool: all its processes become one account."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, field

from anew.facets import instructions, native
from anew.model.inputs import GivenSeed
from anew.model.record import Gap
from anew.trace.calling import Call, plain
from anew.trace.events import Event, opened, parsed
from anew.trace.own import Own
from anew.trace.programs import Programs, unfollowed
from anew.trace.records import Told


class Process(Struct):
    """One Python process of the run, as it described itself; `modules` are (name, origin)."""

    pid: int = 0
    ppid: int = 0
    role: str = ""
    time: int = 0
    argv: tuple[str, ...] = ()
    executable: str = ""
    prefix: str = ""
    base_prefix: str = ""
    implementation: str = ""
    version: str = ""
    build: str = ""
    platform: str = ""
    cwd: str = ""
    utc: int = 0
    path: tuple[str, ...] = ()
    modules: tuple[tuple[str, str | None], ...] = ()
    libraries: tuple[str, ...] = ()
    threads: tuple[tuple[str, int, str | None], ...] = ()
    draws: dict[str, int] = field(default_factory=dict)
    cores: int = 0
    how: str = ""  # exec, fork
    rank: int | None = None
    ended: bool = False
    ended_at: int | None = None


class Served(Struct):
    """A seed that was given back on a replay."""

    function: str
    site: str
    recorded: str
    now: str


class Account(Struct):
    """All that the processes of a run told, in no order but that of `time`."""

    processes: list[Process] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    parameters: list[tuple[int, str, dict[str, object]]] = field(default_factory=list)
    seeds: list[GivenSeed] = field(default_factory=list)
    served: list[Served] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    spawned: list[tuple[str, ...]] = field(default_factory=list)
    artifacts: list[tuple[str, str | None]] = field(default_factory=list)
    figures: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    torn: int = 0
    programs: Programs = field(default_factory=Programs)  # as the C library saw them
    asked: set[str] = field(default_factory=set)  # environment variables that were read
    own: Own = field(default_factory=Own)


def read(spool: Path) -> Account:
    """Return the account of the run whose spool that is; a torn last line is counted, not lost."""
    account = Account()
    events = account.events
    for path in _files(spool, "events-"):
        process = Process()
        for line in _lines(path, account):
            try:
                if line[0] == "open":
                    events.append(opened(line, process.pid))
                    continue
                _take(account, process, line)
            except (TypeError, ValueError, IndexError, KeyError, msgspec.ValidationError):
                account.torn += 1
        if process.pid:
            account.processes.append(process)
    _add_native(account, native.read(spool))
    account.processes.sort(key=lambda process: process.time)
    account.parameters.sort(key=lambda found: found[0])
    return account


def _add_native(account: Account, told: Told) -> None:
    account.events += told.events
    account.calls += told.calls
    account.programs = told.programs
    account.asked |= told.asked
    programs = told.programs
    ran = () if programs.followed else (each.executable for each in programs.ran)
    blind = (*told.gaps, *unfollowed(programs), *instructions.of_go(ran))
    account.gaps += dict.fromkeys(blind)
    account.own = told.own
    account.own.followed = bool(told.programs.ran) and not (
        told.lost or any(gap.aspect == "trace" for gap in blind)
    )
    if told.lost:
        account.gaps.append(
            Gap("trace", f"there was no room for {told.lost} events",
                "free some space, or lift the limit on file sizes")
        )  # fmt: skip


def points(spool: Path) -> Iterator[tuple[str, int | None, str, int]]:
    """Yield name, step, value as text and time of each logged point, file by file."""
    for path in _files(spool, "points-"):
        for line in _lines(path, None):
            if len(line) == 4:
                yield line[0], line[1], line[2], line[3]


def _files(spool: Path, prefix: str) -> list[Path]:
    try:
        names = sorted(name for name in os.listdir(spool / "probe") if name.startswith(prefix))
    except OSError:
        return []
    return [spool / "probe" / name for name in names]


def _lines(path: Path, account: Account | None) -> Iterator[list]:  # type: ignore[type-arg]
    decoder = msgspec.json.Decoder(list)
    try:
        data = path.read_bytes()
    except OSError:
        return
    try:
        lines = decoder.decode_lines(data)
    except msgspec.DecodeError:
        yield from _one_by_one(decoder, data, account)
    else:
        yield from lines


def _one_by_one(
    decoder: msgspec.json.Decoder[list],  # type: ignore[type-arg]
    data: bytes,
    account: Account | None,
) -> Iterator[list]:  # type: ignore[type-arg]
    """Decode what holds a torn line, or bytes that are no UTF-8."""
    for line in data.split(b"\n"):
        if not line:
            continue
        try:
            yield decoder.decode(line)
        except msgspec.DecodeError:
            found = _with_escapes(line)
            if found is not None:
                yield found
            elif account is not None:
                account.torn += 1


def _with_escapes(line: bytes) -> list | None:  # type: ignore[type-arg]
    """Decode a line that holds bytes which are no UTF-8, or return None where it is torn."""
    import json  # noqa: PLC0415 - hardly ever needed, and start-up is felt

    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, list) else None


def _take(account: Account, process: Process, line: list) -> None:  # type: ignore[type-arg]
    kind = line[0]
    match kind:
        case "start":
            _describe(process, line[2])
            process.time = line[1]
        case "end":
            _describe(process, line[2])
            process.ended, process.ended_at = True, line[1]
        case "param":
            account.parameters.append((line[1], line[2], line[3]))
        case "seed":
            account.seeds.append(GivenSeed(line[2], line[3], line[4], line[6], line[5]))
        case "served":
            account.served.append(Served(line[2], line[3], str(line[6]), str(line[7])))
        case "asked":
            account.asked.add(str(line[2]))
        case "connect":
            account.calls.append(_call(process, line))
        case "spawn":
            account.spawned.append((str(line[2]), *map(str, line[3] or ())))
        case "gap":
            account.gaps.append(Gap(line[2], line[3], line[4]))
        case "artifact" | "figure" | "note":
            _take_said(account, line)
        case _:
            account.events.extend(parsed(line, process.pid))


def _call(process: Process, line: list) -> Call:  # type: ignore[type-arg]
    port = "" if line[3] in (0, None) else str(line[3])
    library = str(line[5]) if len(line) > 5 else ""
    return Call(line[1], process.pid, plain(str(line[2])), port, library, asked=line[4] == "name")


def _take_said(account: Account, line: list) -> None:  # type: ignore[type-arg]
    """Take what a program said of itself."""
    match line[0]:
        case "artifact":
            account.artifacts.append((line[2], line[3]))
        case "figure":
            account.figures.append((line[2], line[3]))
        case _:
            account.notes.append(line[2])


def _describe(process: Process, facts: dict[str, object]) -> None:
    known = {name: value for name, value in facts.items() if name in Process.__struct_fields__}
    checked = msgspec.convert({"pid": process.pid, **known}, type=Process, strict=False)
    for name in known:
        setattr(process, name, getattr(checked, name))
