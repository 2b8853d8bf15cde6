"""images: a container of a run's environment: its build context, the image, and where that is."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anew.execute import engine
from anew.facets.environment import containers, context
from anew.model.archive import Part
from anew.model.entry import IMAGE_BUILT
from anew.model.errors import FileExists, NoContainer
from anew.model.status import SHORT_ID
from anew.trace.places import whole
from anew.verbs.archives import archive_environment, find_archive
from anew.verbs.environments import of_python
from anew.verbs.lock import Form, lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from anew.execute.engine import Image
    from anew.model.archive import Archive
    from anew.model.digest import Digest
    from anew.model.record import Record
    from anew.verbs.workspace import Workspace

SYSTEM = "/usr"


@dataclass(frozen=True, slots=True)
class Built:
    """An image that was built of an environment, as the ledger has it."""

    environment: str
    digest: str
    name: str
    at: str


@dataclass(frozen=True, slots=True)
class Context:
    """A build context: where it lies, what it is built on, and the image if it was built."""

    place: str
    base: str
    by_digest: str | None
    files: int
    notes: tuple[str, ...]
    builder: str | None = None
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What kind of context is wanted. `base` is None for an image of the recorded system."""

    base: str | None = None
    locked: bool = True
    build: bool = False


def write_context(
    workspace: Workspace, record: Record, place: Path, order: Order, progress: Callable[[str], None]
) -> Context:
    """Write what builds an image of the environment of `record` into `place`; build it if asked.

    Raises:
        FileExists: something lies at `place`.
        CannotArchive: the environment is not archived, and cannot be.
        NoContainer: it cannot be built here.
    """
    recorded = of_python(record)
    if os.path.lexists(place) and not (place.is_dir() and not any(place.iterdir())):
        raise FileExists(
            f"{place} is there already", why="nothing that is there is ever replaced",
            hint="name a new folder with -o",
        )  # fmt: skip
    content, notes = _content(workspace, record, order)
    archive = _archived(workspace, record, progress)
    if not _has_interpreter(archive):
        assert recorded.interpreter is not None
        notes.append(f"Python {recorded.interpreter.version} is not in the archive: the base must "
                     f"have it at {recorded.interpreter.base_prefix}")  # fmt: skip
    made = not place.exists()
    try:
        place.mkdir(parents=True, exist_ok=True)
        progress("laying files out")
        root = place / containers.ROOT
        files = context.lay_out(archive, root, workspace.store, containers.CLOCK)
        _write(place, content)
        if order.locked:
            progress("making wheels")
            notes += lock(workspace, record, place, Form.PYLOCK, wheels=True, offline=True).notes
    except BaseException:
        if made:
            shutil.rmtree(place, ignore_errors=True)
        raise
    builder, image = None, None
    if order.build:
        progress("building")
        builder, image = _build(workspace, record, place, recorded.digest)
    return Context(str(place), content.base, content.by_digest, files, tuple(notes), builder, image)


def _content(
    workspace: Workspace, record: Record, order: Order
) -> tuple[containers.Content, list[str]]:
    recorded = of_python(record)
    interpreter = recorded.interpreter
    assert interpreter is not None
    base = order.base or containers.default_base(record.circumstances.system)
    name = engine.find(engine.BUILDERS)
    found = engine.look(name, base) if name is not None and "@" not in base else None
    by_digest = _pinned(base, found) if found is not None else None
    notes: list[str] = []
    if found is None and "@" not in base:
        if order.build:
            raise NoContainer(
                f"the base image {base} is not here",
                why="it is named by its digest, and nothing is fetched that was not asked for",
                hint=f"`{name or 'podman'} pull {base}`, or name one that is here with --base",
            )
        notes.append(f"{base} is not named by its digest: no engine here has it")
    elif found is not None and by_digest is None:
        notes.append(f"{base} is not named by its digest: {name} knows none of an image that came "
                     f"from no registry; it is {found.identity}")  # fmt: skip
    virtual = interpreter.prefix if interpreter.prefix != interpreter.base_prefix else ""
    command = record.recipe.command
    content = containers.Content(
        record.id, recorded.digest, command.argv, interpreter.executable, virtual,
        whole(command.cwd, record.project), base, by_digest,
    )  # fmt: skip
    del workspace
    return content, notes


def _pinned(base: str, image: Image) -> str | None:
    """Return an image that an engine here has, by its digest; None where it has none."""
    if not image.digest:
        return None
    path, _, tag = base.rpartition(":")
    return f"{path if path and '/' not in tag else base}@{image.digest}"


def _archived(workspace: Workspace, record: Record, progress: Callable[[str], None]) -> Archive:
    """Return the archive of the environment, with its interpreter where that has its own prefix."""
    recorded = of_python(record)
    assert recorded.interpreter is not None
    found = find_archive(workspace, recorded)
    if found is not None and (
        _has_interpreter(found) or recorded.interpreter.base_prefix == SYSTEM
    ):
        return found
    return archive_environment(workspace, record, progress, interpreter=True).archive


def _has_interpreter(archive: Archive) -> bool:
    interpreter = archive.interpreter
    return (interpreter.prefix == interpreter.base_prefix and any(
        tree.part is Part.PREFIX for tree in archive.trees
    )) or any(tree.part is Part.INTERPRETER for tree in archive.trees)  # fmt: skip


def _write(place: Path, content: containers.Content) -> None:
    folder = place / ".devcontainer"
    folder.mkdir()
    for path, text in (
        (place / "Containerfile", containers.containerfile(content)),
        (place / "apptainer.def", containers.apptainer(content)),
        (folder / "devcontainer.json", containers.devcontainer(content)),
    ):
        path.write_text(text, encoding="utf-8", errors="surrogateescape")


def _build(
    workspace: Workspace, record: Record, place: Path, environment: Digest
) -> tuple[str, Image]:
    name = f"localhost/anew-{record.id[:SHORT_ID]}:{environment[3:15]}"
    builder, image = engine.build(place, name, containers.CLOCK)
    text = f"{environment} {image.identity} {name}"
    workspace.ledger.append(IMAGE_BUILT, record.id, text=text)
    return builder, image


def images(workspace: Workspace, environment: str) -> tuple[Built, ...]:
    """Return the images built of an environment, the latest last."""
    found = {}
    for entry in workspace.ledger.entries():
        if entry.kind == IMAGE_BUILT:
            digest, image, name = entry.text.split(" ", 2)
            if digest == environment:
                found[image] = Built(digest, image, name, entry.written_at)
    return tuple(found.values())
