"""Calling: from what processes told of their calls to the connections of a run."""

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from anew.model.connections import Connection
from anew.model.processes import Process
from anew.model.record import Gap

# What Python calls the network by: that says nothing of who called.
_PYTHON = ("python", "libpython", "pypy", "libpypy", "_socket", "uvloop")
_SCRIPTS = (".py", ".sh", ".pl", ".R", ".jl")
_NAMED = 3  # callers named in one gap


class Call(Struct, frozen=True):
    """A process set out to call a host, or asked for its `addresses`.

    `library` is what Python's side found on the stack, `code` the file of the compiled code that
    called. Times are those of the monotonic clock, in ns.
    """

    time: int
    pid: int
    host: str
    port: str = ""
    library: str = ""
    code: str = ""
    asked: bool = False  # for the address only
    addresses: tuple[str, ...] = ()


def connections(
    calls: Iterable[Call], processes: Sequence[Process], began: int, own: Collection[str]
) -> tuple[Connection, ...]:
    """Return whom the processes of a run called, by host and port; calls to itself are left out.

    Args:
        calls: in any order.
        processes: of the run, in order of their start.
        began: the start of the run, by the monotonic clock in ns.
        own: names and addresses of the machine.
    """
    ordered = sorted(calls, key=lambda call: call.time)
    itself = {*own, *(call.host for call in ordered if _lead_here(call.addresses, own))}
    ordered = [each for each in ordered if not (each.host in itself or is_this_machine(each.host))]
    names, libraries = _names(ordered), _libraries(ordered)
    found: dict[tuple[str, str, int, str], Connection] = {}
    called: set[tuple[int, str]] = set()
    for call in ordered:
        if call.asked:
            continue
        host = names.get((call.pid, call.host)) or names.get((0, call.host), call.host)
        called.add((call.pid, host))
        library = call.library or libraries.get((call.pid, call.host, call.port))
        library = library or libraries.get((call.pid, host, call.port), _named(call))
        _add(found, call, host, library, _caller(processes, call, began))
    for call in ordered:
        if call.asked and not _knows(called, call):
            library = call.library or libraries.get((call.pid, call.host, call.port), "")
            _add(found, call, call.host, library, _caller(processes, call, began))
    return tuple(found[key] for key in sorted(found))


def gaps(found: Iterable[Connection]) -> tuple[Gap, ...]:
    """Return a gap for each host and port, with who called."""
    callers: dict[str, list[str]] = {}
    for each in found:
        who = " with ".join(part for part in (each.program, each.library) if part)
        names = callers.setdefault(each.where, [])
        if who and who not in names:
            names.append(who)
    told = []
    for where, names in callers.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        by = f" by {', '.join(names[:_NAMED])}{more}" if names else ""
        told.append(
            Gap("network", f"{where} was contacted{by}; what it answered is not held",
                "save what is fetched to a file, and read that")
        )  # fmt: skip
    return tuple(told)


def is_this_machine(host: str) -> bool:
    """Say whether a host is the one the program runs on: what it answers is the run's own doing."""
    return host.startswith("127.") or host in (
        "localhost", "ip6-localhost", "::1", "::", "0.0.0.0",
    )  # fmt: skip


def plain(host: str) -> str:
    """Return an address as it is written most often; a name stays what it is.

    >>> plain("2001:db8:0:0:0:0:0:1"), plain("::ffff:192.0.2.1")
    ('2001:db8::1', '192.0.2.1')
    """
    if ":" not in host:
        return host
    from ipaddress import IPv6Address  # noqa: PLC0415 - hardly ever needed, and start-up is felt

    try:
        address = IPv6Address(host)
    except ValueError:
        return host
    return str(address.ipv4_mapped or address)


def _lead_here(addresses: tuple[str, ...], own: Collection[str]) -> bool:
    return bool(addresses) and all(each in own or is_this_machine(each) for each in addresses)


def _names(calls: Iterable[Call]) -> dict[tuple[int, str], str]:
    """Return which name each process had an address from; for process 0, which anyone had."""
    names: dict[tuple[int, str], str] = {}
    for call in calls:
        for address in call.addresses if call.asked else ():
            if address != call.host:
                names[call.pid, address] = names[0, address] = call.host
    return names


def _libraries(calls: Iterable[Call]) -> dict[tuple[int, str, str], str]:
    """Return what Python's side found to call a host and port, by process."""
    found: dict[tuple[int, str, str], str] = {}
    for call in calls:
        if call.library:
            found.setdefault((call.pid, call.host, call.port), call.library)
    return found


def _named(call: Call) -> str:
    name = call.code.rpartition("/")[2]
    return "" if name.startswith(_PYTHON) else name


def _knows(called: set[tuple[int, str]], call: Call) -> bool:
    """Say whether a call followed to the host that was asked for."""
    return any((call.pid, host) in called for host in (call.host, *call.addresses))


def _caller(processes: Sequence[Process], call: Call, began: int) -> Process | None:
    """Return what the process was when it called."""
    at = (call.time - began) // 1000
    found = None
    for each in processes:
        if each.pid == call.pid and (found is None or each.started <= at):
            found = each
    return found


def _program(process: Process | None) -> str:
    """Return a short name of a process: its program, with the script it runs.

    >>> _program(Process(1, 0, 7, ("/usr/bin/python3", "-u", "train.py", "--fast")))
    'python3 train.py'
    """
    if process is None or not process.argv:
        return ""
    words = [process.argv[0].rpartition("/")[2]]
    words += [word for word in process.argv[1:] if word.endswith(_SCRIPTS)][:1]
    return " ".join(words)


def _add(
    found: dict[tuple[str, str, int, str], Connection],
    call: Call,
    host: str,
    library: str,
    process: Process | None,
) -> None:
    number = process.number if process is not None else 0
    program = _program(process)
    if library == program.partition(" ")[0]:
        library = ""  # it calls by itself
    key = host, call.port, number, library
    known = found.get(key)
    addresses = known.addresses if known is not None else ()
    if not call.asked and call.host != host and call.host not in addresses:
        addresses += (call.host,)
    found[key] = Connection(host, call.port, addresses, number, program, library)
