"""`anew replay`: restore, run again, judge, say how it came out."""

import os
from pathlib import Path

import click

from anew.cli import render
from anew.cli.documents import judged
from anew.cli.opening import opened, sealed_run
from anew.cli.options import as_json as json_option
from anew.cli.options import root_of
from anew.cli.options import store as store_option
from anew.cli.options import tolerance as tolerance_option
from anew.cli.tables import shown
from anew.judge.tolerance_text import parse_all
from anew.model.errors import WrongUsage
from anew.model.verdict import Answer, Item
from anew.verbs.giving_back import Wishes
from anew.verbs.isolating import Isolated
from anew.verbs.replay import Replayed, replay
from anew.verbs.workspace import directory_of

EXIT_CODES = {
    Answer.IDENTICAL: 0,
    Answer.EQUIVALENT: 0,
    Answer.DIVERGED: 10,
    Answer.INCONCLUSIVE: 11,
    Answer.NOT_REPLAYED: 12,
}
MOST_ITEMS = 12  # lines of evidence shown
MOST_PLACES = 8  # of this machine, named on a line


@click.command("replay")
@click.argument("run")
@tolerance_option
@click.option("--dry-run", is_flag=True, help="Say what would be restored; start nothing.")
@click.option(
    "--isolate", is_flag=True,
    help="Replay in a clean room: nothing in view but what the record restores, and no network.",
)  # fmt: skip
@click.option(
    "--in-container", "container", is_flag=True,
    help="Replay in the image that `anew env image RUN --build` built.",
)  # fmt: skip
@click.option(
    "--limits", is_flag=True,
    help="With --isolate: as much memory and as many cores as the original had.",
)  # fmt: skip
@click.option(
    "--lend", multiple=True, metavar="PATH",
    help="With --isolate: show a file or folder of this machine too; may be repeated.",
)  # fmt: skip
@click.option(
    "--like-recorded-cpu", "like_cpu", is_flag=True,
    help="Make libraries choose their code as on the recorded, smaller CPU.",
)  # fmt: skip
@click.option(
    "--allow-cpu", is_flag=True, help="Let the CPU stand in for an accelerator that is missing."
)
@click.option("--keep", is_flag=True, help="Leave the room, and say where it is.")
@click.option("--in", "into", metavar="DIR", help="Restore into an empty folder of yours.")
@click.option("--offline", is_flag=True, help="Use no network to rebuild the environment.")
@click.option("--timeout", type=float, metavar="SECONDS", help="Stop the program after that time.")
@click.option(
    "--with", "packages", multiple=True, metavar="NAME==VERSION",
    help="Replay with another package: a counterfactual.",
)  # fmt: skip
@click.option(
    "--set", "variables", multiple=True, metavar="ENV=VALUE",
    help="Replay with another variable: a counterfactual.",
)  # fmt: skip
@click.option("--seed", metavar="N", help="Replay with another root seed: a counterfactual.")
@json_option
@store_option
def command(
    run: str,
    tolerances: tuple[str, ...],
    dry_run: bool,  # noqa: FBT001
    isolate: bool,  # noqa: FBT001
    container: bool,  # noqa: FBT001
    like_cpu: bool,  # noqa: FBT001
    allow_cpu: bool,  # noqa: FBT001
    limits: bool,  # noqa: FBT001
    lend: tuple[str, ...],
    keep: bool,  # noqa: FBT001
    into: str | None,
    offline: bool,  # noqa: FBT001
    timeout: float | None,
    packages: tuple[str, ...],
    variables: tuple[str, ...],
    seed: str | None,
    as_json: bool,  # noqa: FBT001
    store: str | None,
) -> int:
    """Restore RUN from its record alone, run it again, and judge the two outcomes.

    Exit codes: 0 identical or equivalent, 10 diverged, 11 inconclusive, 12 not replayed.
    """
    directory = directory_of(os.environ)
    if into is not None:
        place = Path(directory, into)
        if place.is_dir() and any(place.iterdir()):
            raise WrongUsage(
                f"--in {place} is not empty", why="a replay writes over nothing",
                hint="name a new folder",
            )  # fmt: skip
        place.mkdir(parents=True, exist_ok=True)
        into = str(place)
    if container:
        _refuse_beside_container(isolate=isolate, into=into, packages=packages, limits=limits)
    if (limits or lend) and not (isolate or container):
        raise WrongUsage("--limits and --lend need --isolate", hint="add --isolate")
    if isolate and into is not None:
        raise WrongUsage(
            "--isolate and --in exclude each other",
            why="a clean room has the original's own paths", hint="use --isolate --keep",
        )  # fmt: skip
    pairs = tuple(_pair(text) for text in variables)
    wishes = Wishes(
        parse_all(tolerances), packages, pairs, root_of(seed) if seed else None, into, keep,
        offline, dry_run, timeout, isolate, container, limits, _lent(lend, directory),
        like_cpu, allow_cpu,
    )  # fmt: skip
    with opened(store, directory) as workspace:
        _, original = sealed_run(workspace, run, directory)
        progress = render.passing()
        result = replay(workspace, original, wishes, progress)
        progress("")
    if as_json:
        render.document(judged.replay(result))
    else:
        for line in lines_of(result):
            render.tell(line)
    return EXIT_CODES[result.verdict.answer]


def _lent(paths: tuple[str, ...], directory: str) -> tuple[str, ...]:
    found = []
    for path in paths:
        place = os.path.normpath(str(Path(directory, path)))
        if not os.path.lexists(place):
            raise WrongUsage(f"--lend {path} shows nothing", why="nothing is there",
                             hint="name a file or folder of this machine")  # fmt: skip
        found.append(place)
    return tuple(found)


def _refuse_beside_container(
    *, isolate: bool, into: str | None, packages: tuple[str, ...], limits: bool
) -> None:
    given = {"--isolate": isolate, "--in": into, "--with": packages, "--limits": limits}
    for name, value in given.items():
        if value:
            raise WrongUsage(
                f"--in-container and {name} exclude each other",
                why="an image holds the recorded environment, and shows nothing else",
                hint="leave one of them out",
            )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise WrongUsage(f"--set {text} sets nothing", hint="write --set NAME=VALUE")
    return name, value


def lines_of(result: Replayed) -> list[str]:
    """Return the answer, then the evidence."""
    verdict = result.verdict
    head = [f"anew: {verdict.answer}"]
    counts = _counts(verdict.items)
    if counts:
        head.append(", ".join(counts))
    if verdict.reason:
        head.append(verdict.reason)
    if result.run is not None:
        note = result.restored.get("environment")
        if note is not None and note.note:
            head.append(f"environment {note.note if note.exact else 'not as recorded'}")
        head.append(f"replayed in {render.duration(result.took)}")
    head += _how(result)
    lines = [" · ".join(head)]
    differing = [item for item in verdict.items if item.verdict is not Answer.IDENTICAL]
    for item in differing[:MOST_ITEMS]:
        lines.append(f"  {item.kind} {item.name}: {item.verdict} · {item.difference}")
    if len(differing) > MOST_ITEMS:
        lines.append(f"  and {len(differing) - MOST_ITEMS} more: --json lists all")
    for aspect, restored in sorted(result.restored.items()):
        if not restored.exact and restored.note:
            lines.append(f"  {aspect}: {restored.note}")
    if result.isolated is not None:
        lines += _of_the_room(result.isolated)
    if result.room:
        lines.append(f"  room: {result.room}")
    if result.hint:
        lines.append(f"  hint: {result.hint}")
    return lines


def _how(result: Replayed) -> list[str]:
    how = []
    if result.counterfactual:
        how.append(f"counterfactual: {', '.join(result.counterfactual)}")
    if result.isolated is not None and result.isolated.proved:
        how.append(f"in a clean room by {result.isolated.by}")
    return how


def _of_the_room(isolated: Isolated) -> list[str]:
    """Return what was lent, what was missing and how much was allowed."""
    roles: dict[str, list[str]] = {}
    for each in isolated.lent:
        roles.setdefault(each.role, []).append(each.path)
    lines = [
        f"  lent by this machine, {role}: {_few(roles[role])}"
        for role in ("image", "system", "environment", "library", "asked for")
        if role in roles
    ]
    for gone in isolated.missing[:MOST_ITEMS]:
        where = "is on this machine, not in the record" if gone.here else "is not there"
        lines.append(f"  missing: {gone.kind} {shown(gone.name)} {where} · {gone.remedy}")
    if len(isolated.missing) > MOST_ITEMS:
        lines.append(f"  and {len(isolated.missing) - MOST_ITEMS} more: --json lists all")
    return [*lines, *(f"  limited to {each}" for each in isolated.limits)]


def _few(paths: list[str]) -> str:
    """Name folders of the system by their first part: /etc for all that is in it."""
    tops = list(dict.fromkeys("/etc" if path.startswith("/etc/") else path for path in paths))
    more = f" and {len(tops) - MOST_PLACES} more" if len(tops) > MOST_PLACES else ""
    return ", ".join(shown(path) for path in tops[:MOST_PLACES]) + more


def _counts(items: tuple[Item, ...]) -> list[str]:
    names = {"metric": "metric", "output": "output", "console": "stream"}
    counts = []
    for kind, name in names.items():
        of_kind = [item for item in items if item.kind == kind]
        same = sum(item.verdict in (Answer.IDENTICAL, Answer.EQUIVALENT) for item in of_kind)
        if of_kind:
            counts.append(f"{same} of {render.count(len(of_kind), name)}")
    return counts
