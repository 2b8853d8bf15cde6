"""Processes: what ran in a run and who touched which file, from what they told to two lists."""

from collections.abc import Callable

from msgspec.structs import replace

from anew.facets.spool import Account
from anew.facets.spool import Process as Told
from anew.model.processes import Process, Processes
from anew.model.secrets import redacted_argv
from anew.store.listings import write_listing
from anew.store.protocol import Batch
from anew.trace.places import short
from anew.trace.touching import Teller, Trace, traced


def trace_of(
    account: Account,
    shown: Callable[[str], str | None],
    project: str,
    started: int,
    exit_code: int | None,
    signal: int | None,
) -> Trace:
    """Return what ran, and who touched what.

    Args:
        account: what the processes told.
        shown: a path as the record names it; None: it is of no interest.
        project: its absolute path.
        started: the run's start by the monotonic clock, in ns.
        exit_code: of the program that was run, as its parent saw it.
        signal: that ended it, likewise.
    """
    tellers = [_teller(each) for each in account.processes]
    found = traced(account.programs, tellers, account.events, shown, started)
    if not found.processes:
        return found
    top = max(each.number for each in found.processes if each.pid == found.processes[0].pid)
    ran = []
    for each in found.processes:
        if each.number == top and each.exit_code is None and each.signal is None:
            each = replace(each, exit_code=exit_code, signal=signal)  # noqa: PLW2901
        ran.append(
            replace(each, argv=redacted_argv(each.argv), cwd=short(each.cwd, project))
        )  # fmt: skip
    return Trace(tuple(ran), found.accesses, found.main)


def collect(found: Trace, batch: Batch) -> Processes | None:
    """Write down what ran; None where nothing told of itself."""
    if not found.processes:
        return None
    return Processes(
        write_listing(batch, found.processes, _number_of),
        write_listing(batch, found.accesses, lambda each: each.path),
        found.main,
    )


def _number_of(process: Process) -> str:
    return f"{process.number:09d}"


def _teller(told: Told) -> Teller:
    return Teller(
        told.pid, told.ppid, told.time, told.argv, told.executable, told.cwd, told.role,
        told.rank, told.ended_at, told.how == "fork",
    )  # fmt: skip
