"""`anew run`: what stands on its command line."""

import click

from anew.cli.options import root_of
from anew.cli.options import store as store_option
from anew.cli.running import carry_out
from anew.model.errors import WrongUsage
from anew.model.recipe import Keep, Options, Trace, Track
from anew.verbs.run import Done
from anew.verbs.workspace import Workspace


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
    options = Options(
        Keep.ALL if track == Track.PRODUCTION else Keep(keep), Track(track), checked_name(name),
        tuple(split_tag(tag) for tag in tags), note, hypothesis, variables, Trace(trace),
    )  # fmt: skip
    root = root_of(seed) if seed is not None else None
    return carry_out(command, options, store, seeded=not no_seed, root=root, then=_promoted)


def _promoted(workspace: Workspace, done: Done) -> list[str]:
    """Let a run that was asked for on the production track enter it; return what to say."""
    if done.record is None or done.record.track is not Track.PRODUCTION:
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
