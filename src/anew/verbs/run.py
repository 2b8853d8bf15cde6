"""run: open, look, execute, seal. The same way for a run and for a replay."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from anew.execute import local, preload, streams
from anew.execute.protocol import Ended, Isolation, Job, Mount
from anew.facets import command as commands
from anew.facets import config, early, git, hardware, large_code, project, seeds, settings
from anew.ledger.leases import Leases
from anew.model.canonical import encode
from anew.model.circumstances import Circumstances
from anew.model.entry import NAMED, NOTED, RUN_OPENED, RUN_REMOVED, TAGGED
from anew.model.errors import AnewError
from anew.model.inputs import Streams
from anew.model.recipe import Options, Request, Trace
from anew.model.record import ID_BYTES, Gap, Record, new_run_id
from anew.model.secrets import redacted_argv
from anew.model.version import VERSION
from anew.probe import inject
from anew.trace.places import inside, short
from anew.verbs import beside, following, opening
from anew.verbs.following import hindered
from anew.verbs.opening import Before
from anew.verbs.refused import not_started
from anew.verbs.workspace import Workspace

if TYPE_CHECKING:
    from anew.facets.spool import Account

STDIN_LARGEST = 1 << 30  # bytes of a script on stdin that we take over


class Ask(Struct, frozen=True):
    """A run as it is asked for: before anything is looked up."""

    command: tuple[str, ...]
    directory: str
    environ: Mapping[str, str]
    options: Options
    seeded: bool = True
    root_seed: str | None = None


class Scene(Struct, frozen=True):
    """What a replay changes about a run: where things lie, what it is given."""

    replay_of: str | None = None
    streams: Streams | None = None
    stdin: Path | None = None
    mounts: tuple[Mount, ...] = ()
    isolation: Isolation | None = None
    image: str = ""  # that a container of ours is made of
    version: str = ""  # of the interpreter in it
    image_root: str | None = None  # where its files can be read from here
    place: project.Project | None = None
    given: bytes = b""  # seeds the program sets itself, as the probe reads them
    listings: bytes = b""  # the order in which folders list their entries
    cores: int | None = None
    umask: int | None = None
    timeout: float | None = None
    argv: tuple[str, ...] = ()
    hash_seed: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    tell: Callable[[Account], None] | None = None  # given what the processes told, before the seal


class Done(Struct, frozen=True):
    """How a run came out; `record` is None where it could not be sealed, and `why` says why."""

    run_id: str
    ended: Ended
    record: Record | None
    why: str = ""
    interpreter: str | None = None


def run(workspace: Workspace, ask: Ask, progress: Callable[[str], None]) -> Done:
    """Carry out what is asked for where the project lies, and seal what was seen.

    Raises:
        ProgramNotFound, ProgramNotExecutable: the program cannot be started; nothing is recorded.
    """
    return carry_out(workspace, ask, Scene(), progress)


def carry_out(
    workspace: Workspace, ask: Ask, scene: Scene, progress: Callable[[str], None]
) -> Done:
    """Carry out what is asked for in a scene, and seal what was seen."""
    place = scene.place or project.find(ask.directory, _script(ask.command))
    resolved = (
        commands.Resolved(scene.argv)
        if scene.argv
        else commands.resolve(ask.command, ask.directory, place.root, ask.environ)
    )
    own = settings.read(_real(place, scene.mounts), place.root, config.home_of(ask.environ))
    run_id = new_run_id(workspace.entropy(ID_BYTES))
    request = _request(workspace, ask, scene, place, resolved)
    spool = workspace.spools / run_id
    leases = Leases(workspace.root)
    leases.take(run_id, request.started_at)
    spool.mkdir(mode=0o700)
    before = _before(ask, scene, place, resolved, request, spool)
    before.settings = own
    with workspace.store.in_use():  # until the spool names what is held early
        if scene.place is None:
            batch = workspace.store.begin()
            before.early = early.hold(before.listing, batch)
            batch.commit()
        opening.write(spool, request, before, _settings(request, scene))
    if scene.given:
        (spool / opening.GIVEN).write_bytes(scene.given)
    if scene.listings:
        (spool / opening.LISTINGS).write_bytes(scene.listings)
    _write_down(workspace, run_id, request)
    full = ask.options.trace is Trace.FULL and not _why_not_followed(ask, scene)
    program = following.place_of(resolved.argv[0], ask.directory, _in_view(scene))
    library = following.prepare(
        workspace, request.project, spool, program, full=full, version=scene.version
    )
    job = Job(
        resolved.argv, ask.directory, _variables(ask, scene, before, spool, library), spool,
        scene.streams, scene.stdin, _mounts(scene, spool, library), scene.isolation,
        umask=scene.umask, timeout=scene.timeout, follow=full, preloaded=library or "",
    )  # fmt: skip
    running = local.start(
        job, lambda: leases.beat(run_id), lambda: leases.take(run_id, request.started_at),
        beside.prepare(workspace, request, before, spool) if library is not None else None,
    )  # fmt: skip
    _get_ready(workspace)
    ended = running.wait()
    if ended.exit.failure is not None and (ended.exit.errno or ended.exit.roomless):
        workspace.ledger.append(RUN_REMOVED, run_id, text="the program could not be started")
        shutil.rmtree(spool, ignore_errors=True)
        leases.release(run_id)
        raise not_started(resolved.argv[0], ended.exit)
    done = Done(run_id, ended, None, "", resolved.interpreter)
    try:
        if scene.tell is not None:
            from anew.facets import spool as spools  # noqa: PLC0415 - it was loaded meanwhile

            scene.tell(spools.read(spool))
        return _sealed(workspace, done, progress)
    finally:
        leases.release(run_id)


def _sealed(workspace: Workspace, done: Done, progress: Callable[[str], None]) -> Done:
    from anew.verbs.seal import seal  # noqa: PLC0415 - it was loaded meanwhile

    try:
        return replace(done, record=seal(workspace, done.run_id, progress=progress))
    except KeyboardInterrupt:
        return replace(done, why="it was interrupted")
    except (AnewError, OSError) as error:
        return replace(done, why=str(error))


def _get_ready(workspace: Workspace) -> None:
    """Load and open what the seal needs: while the program runs, we have nothing to do."""
    unready = (ImportError, OSError, MemoryError, AnewError)
    with contextlib.suppress(*unready):  # it is said when it is needed
        import anew.verbs.seal  # noqa: F401, PLC0415

        workspace.store.get_ready()


def _why_not_followed(ask: Ask, scene: Scene) -> str:
    shut = scene.isolation
    return following.why_not(
        ask.options.trace, contained=shut is not None and shut.container is not None
    )


def _script(command: tuple[str, ...]) -> str | None:
    words = [word for word in command if word.endswith((".py", ".sh")) and os.path.exists(word)]
    return words[0] if words else None


def _request(
    workspace: Workspace,
    ask: Ask,
    scene: Scene,
    place: project.Project,
    resolved: commands.Resolved,
) -> Request:
    root = ask.root_seed
    if root is None and ask.seeded:
        root = seeds.new_root(workspace.entropy(seeds.ROOT_BYTES))
    return Request(
        redacted_argv(ask.command),
        redacted_argv(resolved.argv),
        place.root,
        short(ask.directory, place.root),
        ask.options,
        root,
        workspace.now(),
        scene.replay_of,
    )


def _before(
    ask: Ask,
    scene: Scene,
    place: project.Project,
    resolved: commands.Resolved,
    request: Request,
    spool: Path,
) -> Before:
    """Look at the world before the start; nothing slow."""
    real = _real(place, scene.mounts)
    large = place.bounded and scene.place is None and large_code.is_large(place.root)
    listing = project.look(project.Project(real, bounded=place.bounded and not large))
    if real != place.root:
        listing = project.as_seen(listing, real, place.root)
    state = git.look(place.root) if place.bounded and scene.place is None else None
    environ = dict(ask.environ)
    gaps = []
    if not listing.whole and place.bounded:
        gaps.append(Gap("outputs", f"the project has more than {project.MOST_ENTRIES:,} entries: "
                        "only what Python was seen to do is known",
                        "run in a smaller folder, or put `anew.toml` in one"))  # fmt: skip
    why = _why_not_followed(ask, scene)
    if why:
        gaps.append(hindered(why))
    kinds = scene.streams or streams.present(environ)
    os_umask = os.umask(0o022)
    os.umask(os_umask)
    hash_ = scene.hash_seed or environ.get("PYTHONHASHSEED")
    if request.root_seed and not hash_:
        hash_ = seeds.hash_seed(request.root_seed)
    epoch = environ.get("SOURCE_DATE_EPOCH") or scene.extra.get("SOURCE_DATE_EPOCH")
    before = Before(
        listing,
        state,
        config.variables(environ, ask.options.recipe_variables),
        config.locale_of(environ),
        config.timezone_of(environ),
        scene.umask if scene.umask is not None else os_umask,
        kinds,
        _circumstances(request, scene),
        opening.monotonic(),
        time.time_ns(),
        opening.boot_id(),
        hash_,
        epoch or str(_seconds(request.started_at)),
        resolved.interpreter,
        bounded=place.bounded,
        large=large,
        mounts=scene.mounts,
        gaps=tuple(gaps),
        threads=seeds.thread_settings(environ),
        diff=git.diff(state) if state is not None else "",
    )
    _take_stdin(before, scene, resolved, spool)
    if scene.streams is None:
        before.stdout_file, before.stdout_offset = _file_of(1, kinds.stdout)
        before.stderr_file, before.stderr_offset = _file_of(2, kinds.stderr)
    return before


def _circumstances(request: Request, scene: Scene) -> Circumstances:
    here = hardware.observe(request.started_at, VERSION)
    return hardware.inside(here, scene.image, scene.image_root) if scene.image else here


def _file_of(descriptor: int, kind: str) -> tuple[str | None, int]:
    """Return the name of the file that a stream of ours is, and how much others wrote before."""
    if kind != "file":
        return None, 0
    try:
        path, status = os.readlink(f"/proc/self/fd/{descriptor}"), os.fstat(descriptor)
        return (path, status.st_size) if os.path.samestat(os.stat(path), status) else (None, 0)
    except OSError:  # it has no name any more, or one that cannot be seen from here
        return None, 0


def _take_stdin(before: Before, scene: Scene, resolved: commands.Resolved, spool: Path) -> None:
    """Note which bytes stdin will give: a file as it is, a script in a pipe by a copy."""
    if scene.stdin is not None:
        before.stdin = str(scene.stdin)
    elif before.streams.stdin == "file":
        offset = os.lseek(0, 0, os.SEEK_CUR)
        path = spool / "stdin"
        with open("/proc/self/fd/0", "rb") as source, path.open("wb") as copy:
            source.seek(offset)
            while data := source.read(1 << 20):
                copy.write(data)
        before.stdin = str(path)
    elif before.streams.stdin == "pipe" and commands.reads_script_from_stdin(resolved.argv):
        path = spool / "stdin"
        with open(0, "rb", closefd=False) as source, path.open("wb") as copy:
            while data := source.read(1 << 16):
                copy.write(data)
        descriptor = os.open(path, os.O_RDONLY)
        os.dup2(descriptor, 0)
        os.close(descriptor)
        before.stdin = str(path)


def _real(place: project.Project, mounts: tuple[Mount, ...]) -> str:
    for mount in mounts:
        if mount.target == place.root:
            return mount.source
    return place.root


def _seconds(when: str) -> int:
    from datetime import datetime  # noqa: PLC0415 - loaded by the workspace already

    return int(datetime.fromisoformat(when).timestamp())


def _settings(request: Request, scene: Scene) -> dict[str, str]:
    return {
        "mode": "replay" if scene.replay_of else "record",
        "root": request.root_seed or "",
        "project": request.project,
        "cores": str(scene.cores) if scene.cores else "",
        "pin_limit": str(64 << 20),
    }


def _variables(
    ask: Ask, scene: Scene, before: Before, spool: Path, library: str | None
) -> dict[str, str]:
    variables = {**ask.environ, **scene.extra}
    if before.hash_seed is not None:
        variables["PYTHONHASHSEED"] = before.hash_seed
    if before.source_date_epoch is not None:
        variables["SOURCE_DATE_EPOCH"] = before.source_date_epoch
    given = inject.variables(str(spool), "", variables)
    if library is not None:
        given = preload.in_front(given, library)
    return {name: given[name] for name in sorted(given)}  # a replay knows no other order


def _write_down(workspace: Workspace, run_id: str, request: Request) -> None:
    """Tell the ledger that the run begins, and what it is called."""
    with workspace.store.in_use():
        batch = workspace.store.begin()
        body = batch.add_new(encode(request))
        batch.commit()
        workspace.ledger.append(RUN_OPENED, run_id, body=body)
    options = request.options
    if options.name:
        workspace.ledger.append(NAMED, run_id, text=options.name)
    for name, value in options.tags:
        workspace.ledger.append(TAGGED, run_id, text=f"{name}={value}" if value else name)
    for note in (options.note, f"hypothesis: {options.hypothesis}" if options.hypothesis else None):
        if note:
            workspace.ledger.append(NOTED, run_id, text=note)


def _mounts(scene: Scene, spool: Path, library: str | None) -> tuple[Mount, ...]:
    """Return what is mounted; in a clean room the recorder is there, and the spool it writes to."""
    if scene.isolation is None:
        return scene.mounts
    ours = [Mount(os.path.realpath(spool), str(spool))]
    if library is not None and not inside(library, os.path.dirname(inject.FOLDER)):
        ours.append(Mount(os.path.realpath(library), library, read_only=True))
    return (*scene.mounts, *ours)


def _in_view(scene: Scene) -> tuple[Mount, ...]:
    """Return what is seen at other paths than it lies at, or perhaps at its own."""
    return (*scene.mounts, *(scene.isolation.lent if scene.isolation is not None else ()))


def renamed(ask: Ask, name: str) -> Ask:
    """Return `ask` under another name."""
    return replace(ask, options=replace(ask.options, name=name))
