"""The outcome of a run, from its spool: how it ended, metrics, outputs, console; and what lacks."""

import shutil
from pathlib import Path

from msgspec import Struct

from anew.execute.protocol import Exit
from anew.facets import metrics, outputs, spool
from anew.facets.holding import Holder
from anew.facets.spool import Account
from anew.model.inputs import Kept
from anew.model.record import Gap, Outcome, Status, Stream
from anew.store.listings import write_listing
from anew.trace import unfollowed
from anew.trace.histories import History
from anew.verbs.following import hindered
from anew.verbs.opening import Before, World


class Ended(Struct, frozen=True):
    """A run that is over: its spool, what was known at its start, told by it, seen of its end."""

    place: Path
    argv: tuple[str, ...]
    project: str
    before: Before
    exit: Exit | None
    account: Account
    world: World


def outcome_of(
    run: Ended, written: list[History], deleted: list[str], folders: list[str], holder: Holder
) -> Outcome:
    """Hold what came out of `run`, and return it."""
    artifacts = frozenset(path for path, _ in run.account.artifacts)
    files = outputs.collect(written, run.project, holder, run.world.real, artifacts,
                            run.world.began)  # fmt: skip
    files += outputs.figures(run.account.figures, holder)
    measured = metrics.collect(spool.points(run.place), run.before.started, holder.batch)
    lost = copy_stream_files(run, holder)
    truncated = run.exit.truncated if run.exit else ()
    streams = [
        outputs.console(name, run.place / name, holder, whole=name not in truncated)
        for name in ("console", "stderr", "stdout")
        if name not in lost
    ]
    streams += [Stream(name, None, 0, Kept.NO) for name in lost]
    ended = run.exit or Exit(None)
    return Outcome(
        status_of(run.exit, full=holder.full),
        ended.code,
        ended.signal,
        ended.duration,
        ended.cpu_time,
        ended.peak_memory,
        write_listing(holder.batch, measured, lambda each: each.name),
        write_listing(
            holder.batch, files, lambda each: each.path, sum(each.size for each in files)
        ),
        tuple(stream for stream in streams if stream is not None),
        tuple(deleted),
        tuple(folders),
    )


def status_of(ended: Exit | None, *, full: bool) -> Status:
    """Return how the run ended; nobody may have seen it, or the store was too `full` to hold it."""
    if ended is None:
        return Status.INTERRUPTED
    if full:
        return Status.INCOMPLETE
    return Status.FINISHED if ended.code == 0 else Status.FAILED


def copy_stream_files(run: Ended, holder: Holder) -> list[str]:
    """Take what the program wrote into files that the shell had opened for it.

    Returns:
        Names of the streams that could not be taken: each is a gap.
    """
    before, kinds = run.before, run.before.streams
    given = [("console" if kinds.merged else "stdout", kinds.stdout,
              before.stdout_file, before.stdout_offset)]  # fmt: skip
    if not kinds.merged:
        given.append(("stderr", kinds.stderr, before.stderr_file, before.stderr_offset))
    lost = []
    for name, kind, path, offset in given:
        if kind != "file" or (run.place / name).exists():
            continue
        if path is None:
            holder.seen += 1
            holder.gap("console", f"{name} went to a file without a name", "send it to a pipe")
            lost.append(name)
            continue
        try:
            with open(path, "rb") as source, (run.place / name).open("wb") as copy:
                source.seek(offset)
                shutil.copyfileobj(source, copy, 1 << 20)
        except OSError as error:
            holder.gap("console", f"{name} went to {path}, which cannot be read: "
                       f"{error.strerror}", "send it to a pipe")  # fmt: skip
            holder.seen += 1
            lost.append(name)
    return lost


def other_gaps(run: Ended) -> tuple[Gap, ...]:
    """Return what is known to lack beside files and answers of the network: events, the end."""
    gaps = []
    if run.account.torn:
        gaps.append(Gap("trace", f"{run.account.torn} events were cut off",
                        "the program was killed, or the disk was full"))  # fmt: skip
    if run.exit is None:
        gaps.append(Gap("outcome", "nobody saw how the program ended", "run it again"))
    elif run.exit.lingering:
        gaps.append(Gap("outcome", "a process it started went on after its end",
                        "wait for it inside the program"))  # fmt: skip
    elif run.exit.left:
        gaps.append(Gap("outcome", f"processes went on after its end: {', '.join(run.exit.left)}",
                        "wait for them inside the program"))  # fmt: skip
    if run.exit is not None and run.exit.unfollowed:
        gaps.append(hindered(run.exit.unfollowed))
    reported = len(run.account.processes)
    natively = bool(run.account.programs.ran)
    return (
        *gaps,
        *unfollowed.gaps(run.argv, run.account.spawned, reported=reported, natively=natively),
    )
