"""Running: carries a run out, says what was sealed, ends as the program ended."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from anew.cli import render
from anew.cli.opening import opened
from anew.model.errors import NotSealed
from anew.model.recipe import Options
from anew.model.record import SHORT_ID, Record
from anew.verbs.following import hindered, why_not
from anew.verbs.run import Ask, Done, run
from anew.verbs.workspace import Workspace, directory_of

SAME_SIGNAL = (signal.SIGINT, signal.SIGQUIT)
PATIENCE = 3.0  # seconds of sealing before anything is said of it


def carry_out(
    command: tuple[str, ...],
    options: Options,
    store: str | None = None,
    *,
    seeded: bool = True,
    root: str | None = None,
    then: Callable[[Workspace, Done], list[str]] = lambda *_: [],
) -> int:
    """Run `command` where we are, record it, and return the exit code to end with.

    `then` is called when it is sealed, and returns lines to say.
    """
    directory = directory_of(os.environ)
    ask = Ask(command, directory, dict(os.environ), options, seeded, root)
    with opened(store, directory) as workspace, _patience() as progress:
        why = why_not(options.trace)
        if why:
            gap = hindered(why)
            render.say(f"{gap.what}; {gap.remedy}")
        done = run(workspace, ask, progress)
        lines = then(workspace, done)
    _report(done)
    for line in lines:
        render.say_raw(line)
    return end_like(done)


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
