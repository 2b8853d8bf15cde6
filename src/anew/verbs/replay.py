"""replay: restore, run again, judge."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from anew.execute import room as room_mounted
from anew.execute import room_clean
from anew.execute.protocol import Mount
from anew.facets import project, seeds
from anew.facets.spool import Account
from anew.judge.masks import Place
from anew.model.canonical import encode
from anew.model.entry import IN_A_CLEAN_ROOM, VERDICT_GIVEN
from anew.model.errors import AnewError, CannotRestore
from anew.model.inputs import FileKind, Streams
from anew.model.recipe import Keep, Options
from anew.model.record import Record
from anew.model.verdict import Answer, Verdict
from anew.trace.places import inside, whole
from anew.verbs import (
    giving_back,
    hardware_given,
    homes,
    in_container,
    isolating,
    restoring,
    rooms,
)
from anew.verbs.diff import judge_outcomes, masks_between
from anew.verbs.giving_back import Restoration, Wishes
from anew.verbs.isolating import Isolated
from anew.verbs.run import Ask, Done, Scene, carry_out
from anew.verbs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay. `run` is None where it did not come to one."""

    verdict: Verdict
    replay_of: str
    run: Record | None
    restored: dict[str, Restoration]
    room: str | None = None
    counterfactual: tuple[str, ...] = ()
    took: int = 0  # µs the program ran
    isolated: Isolated | None = None
    hint: str = ""  # what to do next where it did not come to a run


def replay(
    workspace: Workspace, original: Record, wishes: Wishes, progress: Callable[[str], None]
) -> Replayed:
    """Carry the recipe of `original` out again from the store alone, and judge the two outcomes.

    Whatever stops it is a verdict, `not replayed`, with its reason.
    """
    room = rooms.take(workspace) if wishes.into is None else Path(wishes.into)
    restored: dict[str, Restoration] = {}
    try:
        with ExitStack() as undo:
            return _again(workspace, original, wishes, room, restored, undo, progress)
    except (AnewError, OSError) as error:
        verdict = Verdict(Answer.NOT_REPLAYED, (), str(error).partition("\n\nhint:")[0])
        hint = error.hint if isinstance(error, AnewError) else ""
        result = Replayed(
            verdict, original.id, None, restored, counterfactual=wishes.counterfactual, hint=hint
        )
        _write_down(workspace, result)
        return result
    finally:
        if wishes.into is None:
            rooms.leave(room, keep=wishes.keep)


def _again(
    workspace: Workspace,
    original: Record,
    wishes: Wishes,
    room: Path,
    restored: dict[str, Restoration],
    undo: ExitStack,
    progress: Callable[[str], None],
) -> Replayed:
    recipe, store = original.recipe, workspace.store
    progress("checking")
    berth = in_container.find_berth(workspace, original, room) if wishes.container else None
    if berth is not None:
        undo.callback(berth.release)
    roomless = room_clean.why_impossible() if wishes.isolate and berth is None else ""
    shut_in = berth is not None or (wishes.isolate and not roomless)
    made = restoring.plan(original, store, isolate=shut_in)
    giving_back.refuse_redacted(recipe.command.argv)
    accelerator = hardware_given.refuse_missing_accelerator(original, store, wishes)
    if accelerator:
        restored["accelerator"] = Restoration(exact=False, note=accelerator)
    variables = giving_back.variables(original, wishes, workspace, restored)
    variables = hardware_given.cpu(original, store, wishes, variables, restored)
    mounted = shut_in or (wishes.into is None and room_mounted.possible())
    progress("restoring the environment")
    home = (
        homes.home(workspace, original, room, mounted=mounted, changes=wishes.packages,
                   offline=wishes.offline)
        if berth is None else in_container.home_in(workspace, original, berth)
    )  # fmt: skip
    restored["environment"] = Restoration(home.exact, home.note)
    progress("restoring files")
    if wishes.dry:
        return _dry(original, wishes, made, restored)
    mounts = restoring.restore(made, original, room, store, mounted=mounted)
    mounts = _with_environment(mounts, original, home, read_only=shut_in) if mounted else ()
    restored["code"] = Restoration(exact=True)
    restored["inputs"] = Restoration(exact=not made.from_here, note=", ".join(made.from_here))
    if not mounted:
        _refuse_outside(original, made)
        note = "run in another folder: no mount namespaces here"
        restored["command"] = Restoration(exact=False, note=note)
    scene, ask = _scene(original, wishes, made, room, mounted, mounts, variables,
                        home.interpreter, workspace)  # fmt: skip
    shut = None
    if shut_in:
        shut = isolating.shut_in(original, made, room, mounts, ask.environ, store, wishes, home,
                                 bare=berth is not None)  # fmt: skip
        shut = shut if berth is None else in_container.put_in(shut, berth, room, original)
        scene = _within(scene, shut, berth, original, ask.environ.get("PATH", os.defpath))
    told: list[Account] = []
    scene = replace(scene, tell=told.append if wishes.isolate or shut_in else None)
    progress("replaying")
    done = carry_out(workspace, ask, scene, progress)
    isolated = None
    if wishes.isolate or shut_in:
        isolated = isolating.came_to(shut, done.ended.exit, told, ask.environ, roomless)
        restored["isolation"] = Restoration(isolated.proved, isolated.note)
    return _judged(workspace, original, wishes, done, restored, room, isolated, mounted=mounted)


def _dry(
    original: Record, wishes: Wishes, made: restoring.Plan, restored: dict[str, Restoration]
) -> Replayed:
    restored["code"] = Restoration(exact=True, note=f"{len(made.code)} files")
    restored["inputs"] = Restoration(exact=True, note=f"{len(made.inputs)} inputs")
    verdict = Verdict(Answer.INCONCLUSIVE, (), "a dry run: nothing was started")
    return Replayed(verdict, original.id, None, restored, counterfactual=wishes.counterfactual)


def _within(
    scene: Scene,
    shut: isolating.Shut,
    berth: in_container.Berth | None,
    original: Record,
    path: str,
) -> Scene:
    argv = isolating.program_in_view(scene.argv, shut, original)
    extra = dict(scene.extra)
    if argv != scene.argv:  # programs that it starts by name are found where that launcher had them
        extra["PATH"] = f"{os.path.dirname(argv[0])}:{path}"
    scene = replace(scene, mounts=shut.mounts, isolation=shut.isolation, argv=argv, extra=extra)
    if berth is None:
        return scene
    interpreter = original.recipe.environment.interpreter
    version = interpreter.version if interpreter is not None else ""
    return replace(scene, image=berth.name, image_root=berth.root, version=version)


def _with_environment(
    mounts: tuple[Mount, ...], original: Record, home: homes.Home, *, read_only: bool
) -> tuple[Mount, ...]:
    """Show the environment at its original prefix, also inside the room's project."""
    interpreter = original.recipe.environment.interpreter
    if interpreter is None or home.mounts:
        return (*mounts, *home.mounts)
    prefix = interpreter.prefix
    if home.interpreter is None and inside(prefix, original.project) and os.path.isdir(prefix):
        return (*mounts, Mount(prefix, prefix, read_only=read_only))
    return mounts


def _refuse_outside(original: Record, made: restoring.Plan) -> None:
    for output in made.outputs:
        if output.path.startswith("/") and os.path.exists(output.path):
            raise CannotRestore(
                f"the replay would write over {output.path}",
                why="this system allows no mount namespaces, so it cannot be given a copy",
                hint="move the file away, or replay where user namespaces are allowed",
            )
    for given in made.inputs:
        if given.path.startswith("/") and given.kind is FileKind.FILE:
            path = whole(given.path, original.project)
            if not os.path.exists(path):
                raise CannotRestore(
                    f"the input {given.path} cannot be put back at its place",
                    why="this system allows no mount namespaces",
                    hint="replay where user namespaces are allowed",
                )


def _scene(
    original: Record,
    wishes: Wishes,
    made: restoring.Plan,
    room: Path,
    mounted: bool,  # noqa: FBT001
    mounts: tuple[Mount, ...],
    variables: dict[str, str],
    interpreter: str | None,
    workspace: Workspace,
) -> tuple[Scene, Ask]:
    recipe = original.recipe
    root = original.project if mounted else str(room / restoring.PROJECT)
    argv = _argv(original, interpreter, mounted=mounted)
    configuration = recipe.configuration
    streams = configuration.streams or Streams("null", "pipe", "pipe")
    variables = {**variables, **giving_back.pinned(recipe.seeds, variables)}
    if streams.term:
        variables.setdefault("TERM", streams.term)
    options = Options(
        Keep.AUTO, original.track, trace=original.coverage.trace,
        counterfactual=wishes.counterfactual,
    )  # fmt: skip
    ask = Ask(
        argv,
        whole(recipe.command.cwd, root),
        variables,
        options,
        seeded=recipe.seeds.root is not None,
        root_seed=wishes.root_seed or recipe.seeds.root,
    )
    scene = Scene(
        replay_of=original.id,
        streams=streams,
        stdin=_stdin(made, room, workspace),
        mounts=mounts,
        place=project.Project(root),
        argv=argv,
        listings=restoring.listings(made, root, workspace.store),
        given=b"" if wishes.counterfactual else giving_back.own_seeds(recipe.seeds),
        cores=recipe.seeds.cores if recipe.seeds.cores != seeds.cores() else None,
        umask=configuration.umask,
        timeout=wishes.timeout,
        extra={"SOURCE_DATE_EPOCH": recipe.seeds.source_date_epoch or ""},
        hash_seed=None if wishes.root_seed else recipe.seeds.hash_seed,
    )
    return scene, ask


def _argv(original: Record, interpreter: str | None, *, mounted: bool) -> tuple[str, ...]:
    """Return the command with the interpreter that stands in, where one does."""
    argv = original.recipe.command.argv
    recorded = original.recipe.environment.interpreter
    if interpreter is None or recorded is None:
        return argv
    if mounted and recorded.prefix != recorded.base_prefix:
        return argv  # it is seen at its original place
    names = ("python", "python3", os.path.basename(recorded.executable))
    if os.path.basename(argv[0]) in names:
        return (interpreter, *argv[1:])
    return argv


def _stdin(made: restoring.Plan, room: Path, workspace: Workspace) -> Path | None:
    for given in made.inputs:
        if given.role == "stdin" and given.digest is not None:
            path = room / "stdin"
            workspace.store.restore(given.digest, path)
            return path
    return None


def _judged(
    workspace: Workspace,
    original: Record,
    wishes: Wishes,
    done: Done,
    restored: dict[str, Restoration],
    room: Path,
    isolated: Isolated | None,
    *,
    mounted: bool,
) -> Replayed:
    if done.record is None:
        raise CannotRestore("the replay ran but could not be sealed", why=done.why)
    record = done.record
    if done.ended.exit.timed_out:
        verdict = Verdict(Answer.NOT_REPLAYED, (), f"it took longer than {wishes.timeout:g} s")
    else:
        places = () if mounted else (_room_place(original, room),)
        masks = masks_between(original, record, workspace.store, places)
        verdict = judge_outcomes(
            original.outcome, record.outcome, workspace.store, wishes.tolerances, masks
        )
    if isolated is not None and isolated.proved:
        isolated = isolating.weighed(isolated, verdict)
        verdict = replace(verdict, room=isolated.by)
    if record.coverage.trace is not original.coverage.trace:
        restored["trace"] = Restoration(exact=False, note="not all programs were followed here")
    _note_seeds(original, record, restored)
    _note_libraries(workspace, original, record, restored)
    result = Replayed(
        verdict, original.id, record, restored,
        str(room) if wishes.keep or wishes.into else None,
        wishes.counterfactual, record.outcome.duration, isolated,
    )  # fmt: skip
    _write_down(workspace, result)
    return result


def _room_place(original: Record, room: Path) -> Place:
    return Place("project", original.project, str(room / restoring.PROJECT))


def _note_seeds(original: Record, record: Record, restored: dict[str, Restoration]) -> None:
    there, here = original.recipe.seeds, record.recipe.seeds
    notes = []
    before = {(seed.function, seed.site, seed.count, seed.role): seed.value for seed in there.given}
    changed = [
        seed for seed in here.given
        if before.get((seed.function, seed.site, seed.count, seed.role), seed.value) != seed.value
    ]  # fmt: skip
    if changed:
        names = ", ".join(sorted({f"{seed.function} at {seed.site}" for seed in changed}))
        notes.append(f"seeds given back: {names}")
    restored["seeds"] = Restoration(exact=there.root == here.root, note="; ".join(notes))
    threads = {each.library: each.count for each in there.threads}
    others = [each.library for each in here.threads if threads.get(each.library) != each.count]
    restored["threads"] = Restoration(not others, ", ".join(others))


def _note_libraries(
    workspace: Workspace, original: Record, record: Record, restored: dict[str, Restoration]
) -> None:
    before = restored["environment"]
    note = homes.with_loaded(workspace, original, record, before.note)
    restored["environment"] = Restoration(before.exact and note == before.note, note)


def _write_down(workspace: Workspace, result: Replayed) -> None:
    """Tell the ledger the verdict; it stays known after the replay is gone."""
    if result.run is None and result.counterfactual:
        return  # it says nothing of the original that a change to it could not be tried
    room = IN_A_CLEAN_ROOM if result.verdict.room else ""
    text = f"{result.verdict.answer}{room} {result.run.id if result.run else ''}".strip()
    with workspace.store.in_use():
        batch = workspace.store.begin()
        body = batch.add(encode(result.verdict))
        batch.commit()
        workspace.ledger.append(VERDICT_GIVEN, result.replay_of, body=body, text=text)
