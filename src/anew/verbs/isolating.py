"""What a clean room shows: the record's own, what is lent of this machine, and as whom."""

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anew.execute.protocol import Exit, Isolation, Mount
from anew.facets.spool import Account
from anew.judge.gate import GOOD
from anew.model.errors import CannotRestore
from anew.model.inputs import FileKind, Library
from anew.model.record import Record
from anew.model.verdict import Verdict
from anew.probe import inject
from anew.store.listings import read_listing
from anew.store.local import LocalStore
from anew.trace.places import inside, whole
from anew.verbs.giving_back import Wishes
from anew.verbs.homes import Home
from anew.verbs.missing import Missing, missing_from, seen
from anew.verbs.restoring import Plan

BASE = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/var/cache/fontconfig",
        "/sys/devices/system", "/sys/fs/cgroup")  # fmt: skip
BASE_OF_ETC = (
    "alternatives", "ca-certificates", "ca-certificates.conf", "debian_version", "fonts",
    "ImageMagick-6", "ImageMagick-7", "inputrc", "java-11-openjdk", "java-17-openjdk",
    "java-21-openjdk", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias", "locale.conf",
    "localtime", "lsb-release", "magic", "mime.types", "nsswitch.conf", "openmpi", "OpenCL",
    "os-release", "pki", "protocols", "R", "redhat-release", "services", "ssl", "terminfo",
    "timezone",
)  # fmt: skip
PRIVATE = ("/tmp", "/var/tmp")
MOST_FIXED = 1000  # inputs that are made read-only one by one
ACCELERATORS = ("nvidia", "dri", "kfd", "mali", "accel")


@dataclass(frozen=True, slots=True)
class Lent:
    """A path of this machine that is seen in a clean room, and as what."""

    path: str
    role: str  # system, environment, library, recorder, image, asked for


@dataclass(frozen=True, slots=True)
class Shut:
    """A clean room as planned: what is shown by `mounts`, and `isolation` beside them."""

    isolation: Isolation
    mounts: tuple[Mount, ...]
    lent: tuple[Lent, ...]
    writable: int = 0  # inputs that are private copies the program may write to


@dataclass(frozen=True, slots=True)
class Isolated:
    """What a replay that was to be isolated came to.

    `proved` says that nothing could be seen but the record and what is `lent`; `by` what saw to
    it; `note` why not.
    """

    proved: bool
    by: str = ""
    note: str = ""
    lent: tuple[Lent, ...] = ()
    missing: tuple[Missing, ...] = ()
    limits: tuple[str, ...] = ()
    writable: int = 0


def shut_in(
    original: Record,
    made: Plan,
    room: Path,
    mounts: tuple[Mount, ...],
    variables: Mapping[str, str],
    store: LocalStore,
    wishes: Wishes,
    home: Home,
    *,
    bare: bool = False,
) -> Shut:
    """Plan the clean room of a replay whose files lie in `room` and are mounted by `mounts`.

    `home` is where its environment is. With `bare` neither system nor environment of this machine
    are lent: something else shows them.
    """
    lent, roles = _lent(original, mounts, store, wishes, home, bare=bare)
    mounts = tuple(
        Mount(os.path.realpath(each.source), each.target,
              read_only=each.read_only or each in home.mounts)
        for each in mounts
    )  # fmt: skip
    own = [*mounts, *_private(room, mounts, variables)]
    fixed, writable = _fixed(original, made)
    there = original.circumstances
    user = os.getuid() if there.user_id is None else there.user_id
    group = os.getgid() if there.group_id is None else there.group_id
    folder = variables.get("HOME", "/")
    name = there.user if there.user and not there.user.isdigit() else "user"
    isolation = Isolation(
        user,
        group,
        there.host,
        tuple(lent),
        _links([*lent, *home.mounts], own),
        _texts(name, user, group, folder, there.host),
        fixed,
        _devices() if there.accelerators else (),
        (there.memory_limit or there.memory or None) if wishes.limits else None,
        (there.affinity or there.cores or None) if wishes.limits else None,
    )
    given = {each.target for each in home.mounts} if home.archived else set[str]()
    given.update(made.referenced)
    outside = [each for each in mounts if each.read_only and each.target not in given]
    named = [Lent(each.target, roles.get(each.target, "environment")) for each in (*lent, *outside)]
    named.sort(key=lambda each: each.path)
    return Shut(isolation, tuple(own), tuple(named), writable)


def _lent(
    original: Record,
    mounts: Iterable[Mount],
    store: LocalStore,
    wishes: Wishes,
    home: Home,
    *,
    bare: bool,
) -> tuple[list[Mount], dict[str, str]]:
    """Return what is shown of this machine, and as what, by its path."""
    places = [*BASE, *(f"/etc/{name}" for name in BASE_OF_ETC)]
    places += ["/sys"] if original.circumstances.accelerators else []
    environment = original.recipe.environment
    interpreter = environment.interpreter
    if interpreter is not None:  # where distributions keep its sitecustomize
        places.append(f"/etc/python{'.'.join(interpreter.version.split('.')[:2])}")
    pairs = [] if bare else [(place, place, "system") for place in places]
    if interpreter is not None and not bare:
        pairs += [(*pair, "environment") for pair in _environment(original, home)]
    if environment.libraries is not None and not bare:
        for library in read_listing(store, environment.libraries, Library):
            real = os.path.realpath(library.path)
            if _restored(library.path, mounts):
                continue  # the record has it
            if library.digest and os.path.exists(real) and _same(real, library, store):
                pairs += [(real, library.path, "library")]
    pairs += [(os.path.realpath(place), place, "recorder") for place in _recorder()]
    pairs += [(os.path.realpath(place), place, "asked for") for place in wishes.lend]
    taken = {mount.target for mount in mounts}
    lent: dict[str, Mount] = {}
    roles: dict[str, str] = {}
    for source, target, role in sorted(pairs, key=lambda each: each[1]):
        covered = any(inside(target, other) for other in lent)
        if os.path.lexists(source) and not covered and target not in taken:
            lent[target] = Mount(source, target, read_only=True)
            roles[target] = role
    return list(lent.values()), roles


def _environment(original: Record, home: Home) -> list[tuple[str, str]]:
    """Return the environment's folders that lie here, and where they are to be seen."""
    interpreter = original.recipe.environment.interpreter
    assert interpreter is not None
    given = {mount.target: mount.source for mount in home.mounts}
    folders = [interpreter.base_prefix]
    programs = [f"{source}/bin/python" for source in given.values()]
    if home.interpreter is None and not given:
        folders.append(interpreter.prefix)
        programs.append(interpreter.executable)
        minor = ".".join(interpreter.version.split(".")[:2])
        folders.append(os.path.expanduser(f"~/.local/lib/python{minor}/site-packages"))
    elif home.interpreter is not None:
        folders.append(os.path.dirname(os.path.dirname(home.interpreter)))
        programs.append(home.interpreter)
    real = [os.path.realpath(program) for program in programs]
    folders += [os.path.dirname(os.path.dirname(program)) for program in real]
    folders += [os.path.realpath(folder) for folder in folders]
    return [
        (os.path.realpath(folder), folder)
        for folder in dict.fromkeys(folders)
        if folder not in given and folder not in ("/", "/usr") and not _in_system(folder)
    ]


def _restored(path: str, mounts: Iterable[Mount]) -> bool:
    """Say whether a file lies in what the record gave back."""
    return any(
        inside(path, mount.target)
        and os.path.isfile(f"{mount.source}/{path[len(mount.target.rstrip('/')) :]}")
        for mount in mounts if mount.target != "/"
    )  # fmt: skip


def _in_system(path: str) -> bool:
    return any(inside(path, base) for base in BASE)


def _same(path: str, library: Library, store: LocalStore) -> bool:
    try:
        return store.fingerprint(path, None) == library.digest
    except OSError:
        return False


def _recorder() -> list[str]:
    """Return the folders of ours that the program's process loads the recorder from."""
    probe = os.path.dirname(inject.FOLDER)
    native = os.path.join(os.path.dirname(probe), "native")
    return [place for place in (probe, native) if os.path.isdir(place)]


def _private(room: Path, mounts: Iterable[Mount], variables: Mapping[str, str]) -> list[Mount]:
    """Return empty folders of the room: the home, and those for temporary files."""
    mounts = tuple(mounts)
    taken = {mount.target for mount in mounts}
    full = [mount for mount in mounts if mount.target != "/"]
    root = next((mount.source for mount in mounts if mount.target == "/"), "")
    wanted = dict.fromkeys(PRIVATE, 0o1777)
    for name in ("TMPDIR", "TEMP", "TMP"):
        place = os.path.normpath(variables.get(name) or "/tmp")
        if place.startswith("/"):
            wanted.setdefault(place, 0o700)
    home = os.path.normpath(variables.get("HOME") or "/")
    if home.startswith("/") and home != "/":
        wanted.setdefault(home, 0o700)
    found = []
    for number, (path, mode) in enumerate(sorted(wanted.items())):
        if path in taken or _in_system(path) or any(inside(path, m.target) for m in full):
            continue
        if root and os.path.isdir(root + path) and os.listdir(root + path):
            continue
        folder = room / "private" / str(number)
        folder.mkdir(parents=True)
        folder.chmod(mode)
        found.append(Mount(str(folder), path))
    return found


def _fixed(original: Record, made: Plan) -> tuple[tuple[str, ...], int]:
    """Return the inputs that the run did not write to, and how many are left writable."""
    changed = {output.path for output in made.outputs} | set(original.outcome.deleted)
    linked = {given.path for given in made.inputs if given.kind is FileKind.LINK}
    plain = [
        whole(given.path, original.project)
        for given in made.inputs
        if given.kind is FileKind.FILE
        and not given.path.startswith("<")
        and not given.written
        and given.path not in changed
        and given.path not in linked
        and given.path not in made.referenced
    ]
    written = sum(given.kind is FileKind.FILE for given in made.inputs) - len(plain)
    if len(plain) > MOST_FIXED:
        return (), len(plain) + written
    return tuple(plain), written


def _links(lent: Iterable[Mount], own: Iterable[Mount]) -> tuple[tuple[str, str], ...]:
    """Return the symbolic links by which an interpreter in view leads to another in view."""
    shown = [mount.target for mount in (*lent, *own)]
    links: dict[str, str] = {}
    for mount in lent:
        program = os.path.join(mount.source, "bin", "python")
        hops = 0
        while os.path.islink(program) and hops < 40:
            target = os.path.join(os.path.dirname(program), os.readlink(program))
            folder = os.path.dirname(target)
            if not any(inside(target, place) for place in shown):
                real = os.path.realpath(folder)
                if folder != real and any(inside(real, place) for place in shown):
                    links[folder] = real
                else:
                    links[target] = os.path.realpath(target)
            program = target
            hops += 1
    return tuple(sorted(links.items()))


def program_in_view(argv: tuple[str, ...], shut: Shut, original: Record) -> tuple[str, ...]:
    """Return `argv` with a program that is seen in the room.

    A launcher that chose the interpreter (pyenv's shims) is not in the record: what it chose is.

    Raises:
        CannotRestore: the program is not there.
    """
    program, interpreter = argv[0], original.recipe.environment.interpreter
    if not program.startswith("/") or seen(program, (*shut.mounts, *shut.isolation.lent)):
        return argv
    if interpreter is not None and os.path.basename(program).startswith("python"):
        return (interpreter.executable, *argv[1:])
    raise CannotRestore(
        f"the program {program} is not in the record",
        why="it lies outside the project, the environment and the system's folders",
        hint=f"show it with `--lend {program}`",
    )


def _texts(name: str, user: int, group: int, home: str, host: str) -> tuple[tuple[str, str], ...]:
    """Return the files of /etc that name the user, the group and the machine."""
    people = "" if user == 0 else "root:x:0:0:root:/root:/bin/sh\n"
    groups = "" if group == 0 else "root:x:0:\n"
    host = host or "localhost"
    return (
        ("/etc/group", f"{groups}{'root' if group == 0 else name}:x:{group}:\n"
                       "nogroup:x:65534:\n"),
        ("/etc/hostname", f"{host}\n"),
        ("/etc/hosts", f"127.0.0.1 localhost {host}\n::1 localhost\n"),
        ("/etc/passwd", f"{people}{name}:x:{user}:{group}:{name}:{home}:/bin/sh\n"
                        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"),
    )  # fmt: skip


def _devices() -> tuple[str, ...]:
    try:
        names = sorted(os.listdir("/dev"))
    except OSError:
        return ()
    return tuple(f"/dev/{name}" for name in names if name.startswith(ACCELERATORS))


def came_to(
    shut: Shut | None,
    ended: Exit,
    told: Sequence[Account],
    variables: Mapping[str, str],
    roomless: str,
) -> Isolated:
    """Return what is proved of a replay that has ended."""
    if shut is None or not ended.isolated:
        why = roomless or "the room was not entered"
        note = (
            "not proved that the record suffices: the replay could see all of this machine, as no"
            f" clean room can be made here ({why})"
        )
        return Isolated(proved=False, note=note)
    missing: list[Missing] = []
    for account in told:
        missing += missing_from(account, shut.mounts, shut.isolation.lent, variables)
    return Isolated(
        not roomless, ended.isolated, "", shut.lent, tuple(missing), ended.limited, shut.writable
    )


def weighed(isolated: Isolated, verdict: Verdict) -> Isolated:
    """Leave out what nobody missed: files that are nowhere, where the outcome is the same."""
    if verdict.answer not in GOOD:
        return isolated
    felt = tuple(each for each in isolated.missing if each.here or each.kind != "file")
    return dataclasses.replace(isolated, missing=felt)
