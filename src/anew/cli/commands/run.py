"""`anew run`: parse, run, say what was sealed, end as the program ended."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from anew.cli import render
from anew.cli.opening import opened
from anew.cli.options import root_of
from anew.cli.options import store as store_option
from anew.model.errors import NotSealed, WrongUsage
from anew.model.recipe import Keep, Options, Trace, Track
from anew.model.record import SHORT_ID, Record
from anew.verbs.following import hindered, why_not
from anew.verbs.run import Ask, Done, run
from anew.verbs.workspace import Workspace, directory_of

SAME_SIGNAL = (signal.SIGINT, signal.SIGQUIT)
PATIENCE = 3.0  # seconds of sealing before anything is said of it


@click.command("run", context_settings={"allow_interspersed_args": False})
@click.option("--name", help="A name for the run: letters, digits, `_`, `.`, `-`.")
@click.option("--tag", "tags", multiple=True, metavar="K=V", help="A tag; may be repeated.")
@click.option("--note", help="A note.")
@click.option("--hypothesis", help="What the run is to show.")
@click.option("--seed", metavar="N", help="The root seed, in place of a fresh one.")
@click.option("--no-seed", is_flag=True, help="Leave the program's entropy to chance.")
@click.option(
    "--track",
    type=click.Choice([each.value for each in Track]),
    default=Track.EXPLORATORY.value,
    help="production: hold all by value, and enter the track if a replay proves it.",
)
@click.option(
    "--keep", type=click.Choice([each.value for each in Keep]), default=Keep.AUTO.value,
    help="Which inputs and outputs to hold by value.",
)  # fmt: skip
@click.option(
    "--env-var", "variables", multiple=True, metavar="NAME",
    help="Treat a variable as part of the recipe; may be repeated.",
)  # fmt: skip
@click.option(
    "--trace", type=click.Choice([each.value for each in Trace]), default=Trace.AUTO.value,
    help="full: follow also what no library can be loaded into (static, Go, 32-bit); slower.",
)  # fmt: skip
@store_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
def command(
    name: str | None,
    tags: tuple[str, ...],
    note: str | None,
    hypothesis: str | None,
    seed: str | None,
    no_seed: bool,  # noqa: FBT001
    track: str,
    keep: str,
    variables: tuple[str, ...],
    trace: str,
    store: str | None,
    command: tuple[str, ...],
) -> int:
    """Run COMMAND as it is and record all that decided its result.

    The program is left alone: its output, its exit code and its terminal stay what they are. A
    bare `x.py` is run by the active environment's Python.
    """
    if seed is not None and no_seed:
        raise WrongUsage("--seed and --no-seed exclude each other", hint="give one of them")
    directory = directory_of(os.environ)
    options = Options(
        Keep.ALL if track == Track.PRODUCTION else Keep(keep), Track(track), checked_name(name),
        tuple(split_tag(tag) for tag in tags), note, hypothesis, variables, Trace(trace),
    )  # fmt: skip
    root = root_of(seed) if seed is not None else None
    ask = Ask(command, directory, dict(os.environ), options, not no_seed, root)
    with opened(store, directory) as workspace, _patience() as progress:
        why = why_not(options.trace)
        if why:
            gap = hindered(why)
            render.say(f"{gap.what}; {gap.remedy}")
        done = run(workspace, ask, progress)
        promoted = _promoted(workspace, done) if options.track is Track.PRODUCTION else []
    _report(done)
    for line in promoted:
        render.say_raw(line)
    return end_like(done)


def _promoted(workspace: Workspace, done: Done) -> list[str]:
    """Let a run that was asked for on the production track enter it; return what to say."""
    if done.record is None:
        return []
    from anew.cli.commands.promote import enter, lines

    lines_ = lines(enter(workspace, done.record, (), offline=False), done.run_id)
    return [line if line.startswith("anew: ") else f"anew: {line}" for line in lines_]


def checked_name(name: str | None) -> str | None:
    """Return `name` if runs may be called so."""
    import re

    if name is not None and not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name, re.ASCII):
        raise WrongUsage(
            f"{name!r} is no name for a run",
            why="names begin with a letter or digit and hold letters, digits, `_`, `.` and `-`",
            hint="use a tag or a note for free text",
        )
    return name


def split_tag(tag: str) -> tuple[str, str]:
    """Return key and value of `k=v`; a bare key has no value."""
    key, _, value = tag.partition("=")
    if not key.strip():
        raise WrongUsage(f"{tag!r} is no tag", hint="write key=value, or a key alone")
    return key.strip(), value


@contextmanager
def _patience() -> Iterator[Callable[[str], None]]:
    """Give what is told of the seal's progress: one that takes long says so on a terminal."""
    timers: list[threading.Timer] = []

    def begin(step: str) -> None:
        if not timers and sys.stderr is not None and sys.stderr.isatty():
            said = f"{step}: what was read and written is being hashed and kept; Ctrl-C is safe"
            timers.append(threading.Timer(PATIENCE, render.say, (said,)))
            timers[0].daemon = True
            timers[0].start()

    try:
        yield begin
    finally:
        for timer in timers:
            timer.cancel()


def _report(done: Done) -> None:
    if done.ended.mid_line:
        render.say_raw("")
    if done.record is None:
        render.say(
            f"run {done.run_id[:SHORT_ID]} is not sealed: {done.why}"
            f" · finish it with `anew seal {done.run_id[:SHORT_ID]}`"
        )
        return
    render.say(sealed_line(done.record, done.interpreter))


def sealed_line(record: Record, interpreter: str | None) -> str:
    """Return the one line that says what was sealed."""
    recipe = record.recipe
    parts = [f"run {record.id[:SHORT_ID]} sealed"]
    code = render.count(recipe.code.used.count, "file")
    if recipe.code.commit:
        lines = render.count(recipe.code.changed_lines, "changed line")
        changed = f" + {lines}" if recipe.code.dirty else ""
        code += f" (git {recipe.code.commit[:7]}{changed})"
    parts.append(f"code {code}")
    inputs = render.count(recipe.inputs.count, "input")
    parts.append(f"{inputs} {render.size(recipe.inputs.size)}" if recipe.inputs.count else inputs)
    if recipe.environment.packages is not None:
        parts.append(render.count(recipe.environment.packages.count, "package"))
    parts.append(render.count(record.outcome.outputs.count, "output"))
    if record.outcome.metrics.count:
        parts.append(render.count(record.outcome.metrics.count, "metric"))
    if recipe.environment.packages is not None:  # no Python took part: nothing drew from a seed
        parts.append("seeds fixed" if recipe.seeds.root else "seeds free")
    gaps = f" ({render.count(len(record.coverage.gaps), 'gap')})" if record.coverage.gaps else ""
    parts.append(f"coverage {record.coverage.percent} %{gaps}")
    if interpreter:
        parts.append(f"by {interpreter}")
    return " · ".join(parts)


def end_like(done: Done) -> int:
    """End as the program ended: by its exit code, or by the same signal."""
    ended = done.ended.exit
    if ended.signal is not None:
        if ended.signal in SAME_SIGNAL:
            sys.stdout.flush()
            signal.signal(ended.signal, signal.SIG_DFL)
            os.kill(os.getpid(), ended.signal)
        return 128 + ended.signal
    if ended.code is None:
        raise NotSealed(
            "nobody saw how the program ended", why=ended.failure or "",
            hint="see `anew ls`; what was recorded is kept",
        )  # fmt: skip
    return ended.code
