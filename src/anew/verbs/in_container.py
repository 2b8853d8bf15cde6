"""Where a replay runs in a container: which image, what of it is proved, what is seen there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from anew.execute import contained, engine, unpacked
from anew.execute.protocol import Container, Mount
from anew.facets.environment import comparing
from anew.facets.environment.state import digest_of_sites
from anew.model.errors import CannotRestore, NoContainer
from anew.model.inputs import Library
from anew.probe import inject
from anew.store.listings import read_listing
from anew.trace.places import inside
from anew.verbs import rooms
from anew.verbs.archives import find_archive
from anew.verbs.environments import of_python
from anew.verbs.homes import Home
from anew.verbs.images import images
from anew.verbs.isolating import Lent, Shut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anew.execute.engine import Image
    from anew.model.record import Record
    from anew.verbs.workspace import Workspace

FILES = "image"  # where they lie in the room when they are taken out of the engine
LENT = ("recorder", "asked for")  # the rest of what is seen is the image's
MOST_FIXED = 100  # inputs that are made read-only one by one
SHARED_MEMORY = 8 << 30  # bytes of /dev/shm at most: it takes no memory until it is used


@dataclass(frozen=True, slots=True)
class Berth:
    """An image that a replay is to run in; `root` is where its files can be read from here.

    They were `taken` out of the engine, or are let go of; without a `root` there is a reason.
    """

    engine: str
    image: Image
    root: str | None
    taken: bool = False
    why: str = ""

    @property
    def name(self) -> str:
        """What the image is called, and its digest."""
        return f"{self.image.name} {self.image.identity}"

    def release(self) -> None:
        """Let go of the image's files."""
        if self.root is not None and not self.taken:
            engine.hide(self.engine, self.image.id)


def find_berth(workspace: Workspace, record: Record, room: Path) -> Berth:
    """Return the image built of the environment of `record`, the latest that is still here.

    Raises:
        NoContainer: there is no engine, or no such image.
    """
    recorded = of_python(record)
    name = engine.find()
    if name is None:
        raise NoContainer(
            "there is no container engine here",
            why=f"none of {', '.join(engine.ENGINES)} is on PATH", hint="install one",
        )  # fmt: skip
    built = images(workspace, recorded.digest)
    for each in reversed(built):
        image = engine.look(name, each.name)
        if image is not None and each.digest in (image.identity, image.id):
            return _with_files(name, image, room)
    raise NoContainer(
        f"{name} has no image of the environment of run {record.id[:6]}",
        why=f"{built[-1].name} was built, and is gone or another" if built else "none was built",
        hint=f"`anew env image {record.id[:6]} --build` builds it",
    )


def _with_files(name: str, image: Image, room: Path) -> Berth:
    """Make the files of an image readable: as they lie in the engine, else taken out of it."""
    if engine.can_show(name):
        rooms.note(room, name, shown=image.id)
        root = engine.show(name, image.id)
        if root is not None:
            return Berth(name, image, root)
    container = f"anew-{room.name}-files"
    rooms.note(room, name, container=container)
    try:
        unpacked.take_out(name, image.id, container, room / FILES)
    except NoContainer as error:
        return Berth(name, image, None, why="; ".join(filter(None, (error.what, error.why))))
    except OSError as error:
        return Berth(name, image, None, why=f"{error.filename or room}: {error.strerror or error}")
    return Berth(name, image, str(room / FILES), taken=True)


def home_in(workspace: Workspace, record: Record, berth: Berth) -> Home:
    """Compare the environment that the image holds with the recorded one, file for file."""
    recorded = of_python(record)
    assert recorded.interpreter is not None
    note = f"in the image {berth.name}"
    if berth.root is None:
        note += f"; its files could not be looked at from here: {berth.why}"
        return Home(exact=False, note=note)
    archive = find_archive(workspace, recorded)
    sites = [berth.root + site for site in archive.sites] if archive is not None else []
    cache = workspace.cache / "environments"
    if digest_of_sites(recorded.interpreter, sites, cache) != recorded.digest:
        differing = comparing.of_packages(recorded, sites, workspace.store, cache)
        raise CannotRestore(
            f"the image {berth.image.name} does not hold the recorded environment",
            why="; ".join(differing) or "it has another digest",
            hint=f"build it again: `anew env image {record.id[:6]} --build`",
        )
    others: Sequence[Library] = ()
    if recorded.libraries is not None:
        listing = read_listing(workspace.store, recorded.libraries, Library)
        others = comparing.of_libraries(
            listing, workspace.store, lambda path: f"{berth.root}{path}"
        )
    words = [f"shared library {each.path} is another in it" for each in others]
    return Home(not words, "; ".join([note, *words]), None, _prefixes(record, berth.root))


def _prefixes(record: Record, root: str) -> tuple[Mount, ...]:
    """Return the image's own folders of the environment: shown again where the room covers them."""
    interpreter = of_python(record).interpreter
    assert interpreter is not None
    folders = dict.fromkeys((interpreter.prefix, interpreter.base_prefix))
    return tuple(
        Mount(root + folder, folder, read_only=True)
        for folder in folders if os.path.isdir(root + folder) and folder not in ("/", "/usr")
    )  # fmt: skip


def put_in(shut: Shut, berth: Berth, room: Path, record: Record) -> Shut:
    """Turn a clean room into a container: the image shows what this machine would have lent."""
    isolation = shut.isolation
    interpreter = of_python(record).interpreter
    assert interpreter is not None
    mounts = [*_needed(shut.mounts, berth), *isolation.lent, *_texts(isolation.texts, room)]
    if any(each.target == "/" for each in mounts):
        raise CannotRestore(
            "the run lists or changes the root folder of its machine",
            why="in a container that is the image's", hint="replay with --isolate",
        )  # fmt: skip
    for path in isolation.fixed[:MOST_FIXED]:
        source = _source(path, mounts)
        if source is not None:
            mounts.append(Mount(source, path, read_only=True))
    if os.getuid() == 0 and isolation.user != 0:
        contained.hand_over(room, isolation.user, isolation.group)
    mine = os.getuid() != 0
    container = Container(
        berth.engine, berth.image.id, f"anew-{room.name}",
        os.getuid() if mine else isolation.user, os.getgid() if mine else isolation.group,
        interpreter.executable, os.path.join(os.path.dirname(inject.FOLDER), "first.py"),
        isolation.host, SHARED_MEMORY,
    )  # fmt: skip
    rooms.note(room, berth.engine, container=container.name)
    if berth.root is not None:  # so that what the program saw of the image is found from here
        mounts.append(Mount(berth.root, "/", read_only=True))
    lent = (Lent(berth.name, "image"), *(each for each in shut.lent if each.role in LENT))
    return Shut(replace(isolation, container=container), tuple(mounts), lent, shut.writable)


def _needed(mounts: Sequence[Mount], berth: Berth) -> list[Mount]:
    """Leave out what the image shows anyway, as nothing is mounted over it."""
    own = [each for each in mounts if berth.root is None or not inside(each.source, berth.root)]
    return [
        each for each in mounts
        if each in own or any(inside(each.target, other.target) for other in own)
    ]  # fmt: skip


def _texts(texts: Sequence[tuple[str, str]], room: Path) -> list[Mount]:
    """Write the files of /etc that name user, group and machine, to be mounted."""
    folder = room / "texts"
    folder.mkdir()
    found = []
    for number, (path, text) in enumerate(texts):
        place = folder / str(number)
        place.write_text(text, encoding="utf-8", errors="surrogateescape")
        found.append(Mount(str(place), path, read_only=True))
    return found


def _source(path: str, mounts: Sequence[Mount]) -> str | None:
    for mount in sorted(mounts, key=lambda each: -len(each.target)):
        if inside(path, mount.target):
            source = mount.source + path[len(mount.target.rstrip("/")) :]
            return source if os.path.isfile(source) and not os.path.islink(source) else None
    return None
