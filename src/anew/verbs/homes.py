"""Home: where a replay finds its environment again, by the best of three ways, proved first."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from anew.execute.protocol import Mount
from anew.facets.environment import comparing, layout, python, rebuild
from anew.facets.environment.relocating import relocate
from anew.facets.environment.state import digest_of_sites
from anew.model.archive import Archive, Part
from anew.model.errors import AnewError, CannotRestore, NoEnvironment
from anew.model.inputs import Library, Package
from anew.store.listings import read_listing
from anew.trace.places import inside
from anew.verbs.archives import find_archive
from anew.verbs.places import placed_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anew.facets.environment.layout import Placed
    from anew.model.inputs import Environment, Interpreter
    from anew.model.record import Record
    from anew.verbs.workspace import Workspace

APART = "environment"  # where it lies in a room, when nothing can be mounted


@dataclass(frozen=True, slots=True)
class Home:
    """An environment that is there now: what is to be mounted where, and what is not the same.

    `interpreter` is what to start in place of the recorded one, None where that is in its place;
    `archived` says that what is mounted is the record's own, and nothing of this machine.
    """

    exact: bool
    note: str
    interpreter: str | None = None
    mounts: tuple[Mount, ...] = ()
    archived: bool = False


def home(
    workspace: Workspace,
    record: Record,
    room: Path,
    *,
    mounted: bool,
    changes: Sequence[str] = (),
    offline: bool = False,
) -> Home:
    """Bring the environment of `record` back: as it lies here, from its archive, or from a lock.

    Each is compared with what was recorded, file for file, before anything starts.

    Raises:
        NoEnvironment: none of the three ways leads anywhere.
        CannotRestore, MissingObject, DamagedObject: the archive cannot be used.
    """
    recorded = record.recipe.environment
    if recorded.interpreter is None or recorded.packages is None:
        return Home(exact=True, note="not needed: no Python took part")
    found = _best(workspace, record, room, mounted=mounted, changes=changes, offline=offline)
    return _with_libraries(workspace, recorded, found, room, mounted=mounted)


def _best(
    workspace: Workspace,
    record: Record,
    room: Path,
    *,
    mounted: bool,
    changes: Sequence[str],
    offline: bool,
) -> Home:
    recorded = record.recipe.environment
    interpreter = recorded.interpreter
    assert interpreter is not None
    cache = workspace.cache / "environments"
    if changes:
        return _rebuilt(workspace, recorded, changes=changes, offline=offline)
    if rebuild.present(interpreter, recorded.digest, cache, os.environ) is not None:
        return Home(exact=True, note="as recorded")
    archive = find_archive(workspace, recorded)
    if archive is not None:
        found = _from_archive(workspace, record, archive, room, mounted=mounted)
        return replace(found, note=f"{found.note}; here {_why_not_here(workspace, recorded)}")
    why = _why_not_here(workspace, recorded)
    if recorded.manager == "conda":
        raise NoEnvironment(
            f"the recorded conda environment is not here ({why})",
            why="there is no archive of it, and versions alone do not bring it back",
            hint="archive such environments while they are there: `anew env archive RUN`; "
                 "`anew env lock RUN --format environment.yml` lists what to install",
        )  # fmt: skip
    try:
        found = _rebuilt(workspace, recorded, changes=changes, offline=offline)
    except NoEnvironment as error:
        raise NoEnvironment(
            f"the recorded environment is not here ({why}), and cannot be rebuilt",
            why="; ".join(part for part in (error.what, error.why) if part),
            hint=error.hint,
        ) from error
    return replace(found, note=f"{found.note}; here {why}")


def _why_not_here(workspace: Workspace, recorded: Environment) -> str:
    """Say what is not as recorded about the environment that lies at its place."""
    try:
        differing = comparing.named_differences(
            recorded, workspace.store, workspace.cache / "environments"
        )
    except NoEnvironment:
        return "it is gone"
    return "; ".join(differing) or "it is another"


def _from_archive(
    workspace: Workspace, record: Record, archive: Archive, room: Path, *, mounted: bool
) -> Home:
    """Lay the archive out, or find it laid out; prove it; say what is to be mounted where."""
    recorded = record.recipe.environment.interpreter
    assert recorded is not None
    parts = [Part.PREFIX, Part.SITE, *([Part.SOURCE] if mounted else [])]
    notes: list[str] = []
    moved: dict[str, str] = {}
    if archive.interpreter.prefix != recorded.prefix:  # a run with the same environment elsewhere
        moved[archive.interpreter.prefix] = recorded.prefix
    if not is_whole(archive) and base_here(recorded) != recorded.build:
        if any(tree.part is Part.INTERPRETER for tree in archive.trees):
            parts.append(Part.INTERPRETER)
        else:
            other, note = stand_in(recorded)
            moved[recorded.base_prefix] = other
            notes.append(note)

    def prove(placed: Placed) -> None:
        _prove(workspace, record, archive, placed)
        if Part.INTERPRETER in parts:
            _prove_interpreter(recorded, archive, placed)

    if mounted:
        placed = placed_for(workspace, archive, parts, moved, prove)
        if any(placed.now(site) is None for site in archive.sites):
            prove(placed)  # it lies here in part, and may have changed since
        mounts = tuple(
            Mount(place, moved.get(original, original), read_only=True)
            for original, place in sorted(placed.places.items())
        )
        interpreter = None
    else:
        placed = layout.lay_out(archive, parts, room / APART, workspace.store, link=False)
        relocate(archive, placed, lying={**moved, **placed.places})
        mounts = ()
        interpreter = _executable(archive, placed)
        prove(placed)
    count = sum(tree.files.count for tree in archive.trees if tree.path in placed.places)
    note = f"restored from the archive: {count:,} files"
    return Home(not notes, "; ".join([note, *notes]), interpreter, mounts, archived=True)


def is_whole(archive: Archive) -> bool:
    """Say whether the prefix holds its own interpreter, as that of conda does."""
    return archive.interpreter.prefix == archive.interpreter.base_prefix and any(
        tree.part is Part.PREFIX for tree in archive.trees
    )


def base_here(recorded: Interpreter) -> str | None:
    """Return the build of the Python that lies where the environment expects its own."""
    minor = ".".join(recorded.version.split(".")[:2])
    for name in (f"python{minor}", "python3"):
        place = f"{recorded.base_prefix}/bin/{name}"
        if os.access(place, os.X_OK):
            try:
                return python.ask(place, os.environ).build
            except NoEnvironment:
                continue
    return None


def stand_in(recorded: Interpreter) -> tuple[str, str]:
    """Return the prefix of a Python that stands in for the recorded one, and what to say of it.

    Raises:
        NoEnvironment: there is none of that minor version.
    """
    place, note = rebuild.find_base(recorded, rebuild.find_uv())
    here = python.ask(place, os.environ)
    if here.build == recorded.build:
        return here.base_prefix, f"Python {here.version} lies at {here.base_prefix}"
    return here.base_prefix, note or f"another build of Python {here.version}: {here.build}"


def _executable(archive: Archive, placed: Placed) -> str:
    minor = ".".join(archive.interpreter.version.split(".")[:2])
    for prefix in (archive.interpreter.prefix, archive.interpreter.base_prefix):
        place = placed.now(prefix) or prefix
        for name in ("python", f"python{minor}", "python3"):
            if os.access(f"{place}/bin/{name}", os.X_OK):
                return f"{place}/bin/{name}"
    raise NoEnvironment(
        f"the archive holds no interpreter that runs, and none lies at "
        f"{archive.interpreter.base_prefix}",
        hint=f"install Python {archive.interpreter.version} there",
    )


def _prove(workspace: Workspace, record: Record, archive: Archive, placed: Placed) -> None:
    """Make sure that what was laid out is what the run recorded, distribution by distribution.

    Raises:
        CannotRestore: it is not.
    """
    recorded = record.recipe.environment
    assert recorded.interpreter is not None
    cache = workspace.cache / "environments"
    sites = layout.sites_of(archive, placed)
    if digest_of_sites(recorded.interpreter, sites, cache) == recorded.digest:
        return
    differing = comparing.of_packages(recorded, sites, workspace.store, cache)
    raise CannotRestore(
        "the archived environment is not the recorded one",
        why="; ".join(differing) or "it has another digest",
        hint="the archive is damaged or was changed: see `anew verify`",
    )


def _prove_interpreter(recorded: Interpreter, archive: Archive, placed: Placed) -> None:
    """Run the interpreter where it was laid out: it says which build it is.

    Raises:
        NoEnvironment: it does not run, or is another.
    """
    base = placed.now(archive.interpreter.base_prefix)
    minor = ".".join(recorded.version.split(".")[:2])
    # Its own library is named by the place where it was, and is there again only in the room.
    libraries = ":".join(filter(None, (f"{base}/lib", os.environ.get("LD_LIBRARY_PATH"))))
    environ = {**os.environ, "LD_LIBRARY_PATH": libraries}
    here = python.ask(f"{base}/bin/python{minor}", environ)
    if here.build != recorded.build:
        raise NoEnvironment(
            "the archived interpreter is not the recorded one",
            why=f"it says {here.build}, and {recorded.build} was recorded",
            hint=f"install Python {recorded.version} at {recorded.base_prefix}",
        )


def _rebuilt(
    workspace: Workspace, recorded: Environment, *, changes: Sequence[str], offline: bool
) -> Home:
    assert recorded.interpreter is not None
    assert recorded.packages is not None
    interpreter, store = recorded.interpreter, workspace.store
    cache = workspace.cache / "environments"
    packages = tuple(read_listing(store, recorded.packages, Package))
    place = workspace.cache / "rebuilt" / recorded.digest[3:35]
    if changes:
        place = place.with_name(place.name + "-" + "-".join(changes).replace("/", "_"))
    with rebuild.alone(place):
        built = None
        if place.exists() and not changes:
            built = rebuild.inspect(interpreter, packages, place, cache)
        if built is None or not built.exact:
            built = rebuild.rebuild(
                interpreter, packages, place, store, cache, changes=changes, offline=offline,
            )  # fmt: skip
    note = "rebuilt" + (f": {'; '.join(built.notes)}" if built.notes else "")
    mounts = (Mount(str(place), interpreter.prefix),) * (
        interpreter.prefix != interpreter.base_prefix
    )
    return Home(built.exact, note, str(place / "bin" / "python"), mounts)


def with_loaded(workspace: Workspace, original: Record, again: Record, note: str) -> str:
    """Add to `note` the shared libraries that a replay loaded in place of those recorded."""
    one, other = (each.recipe.environment.libraries for each in (original, again))
    if one is None or other is None or one == other:
        return note
    store = workspace.store
    words = comparing.of_loaded(
        read_listing(store, one, Library), read_listing(store, other, Library)
    )
    return "; ".join([note, *(f"shared library {each}" for each in words)])


def _with_libraries(
    workspace: Workspace, recorded: Environment, found: Home, room: Path, *, mounted: bool
) -> Home:
    """Name the shared libraries from elsewhere that are others here, or give archived ones back."""
    if recorded.libraries is None:
        return found
    libraries = read_listing(workspace.store, recorded.libraries, Library)

    def real(path: str) -> str:
        for mount in found.mounts:
            if inside(path, mount.target):
                return mount.source + path[len(mount.target) :]
        return path

    differing = comparing.of_libraries(libraries, workspace.store, real)
    if not differing:
        return found
    given = _archived_libraries(workspace, recorded, differing, room) if mounted else {}
    words = [
        f"{each.path} is {'another' if os.path.exists(each.path) else 'gone'}"
        for each in differing if each.path not in given
    ]  # fmt: skip
    note = found.note
    if given:
        note += f"; given back from the archive: {', '.join(sorted(given))}"
    note = "; ".join([note, *(f"shared library {each}" for each in words)])
    mounts = (
        *found.mounts,
        *(Mount(place, path, read_only=True) for path, place in sorted(given.items())),
    )
    return replace(found, exact=found.exact and not words, note=note, mounts=mounts)


def _archived_libraries(
    workspace: Workspace, recorded: Environment, differing: Sequence[Library], room: Path
) -> dict[str, str]:
    """Lay out those of `differing` that are archived; the C library is the system's in any case."""
    try:
        archive = find_archive(workspace, recorded)
    except AnewError:
        return {}
    if archive is None:
        return {}
    wanted = {each.path for each in differing if not _of_loader(each.path)}
    trees = tuple(
        tree for tree in archive.trees if tree.part is Part.LIBRARY and tree.path in wanted
    )
    if not trees:
        return {}
    only = Archive(archive.schema, archive.environment, archive.interpreter, archive.sites, trees)
    place = room / "libraries"
    return layout.lay_out(only, [Part.LIBRARY], place, workspace.store, link=False).places


def _of_loader(path: str) -> bool:
    """Say whether a library must fit the loader that starts every program here."""
    name = os.path.basename(path)
    own = ("ld-", "libc.so", "libc-", "libm.so", "libm-", "libpthread", "libdl", "librt", "libutil")
    return name.startswith(own)
