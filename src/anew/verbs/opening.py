"""What is known when a run starts, kept in its spool so that a seal needs nothing else."""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from stat import S_ISREG

import msgspec
from msgspec import Struct, field

from anew.execute import preload
from anew.execute.protocol import Exit, Mount
from anew.facets import config
from anew.facets.git import GitState
from anew.facets.project import Listing, temporary_folder
from anew.facets.settings import Settings
from anew.model.canonical import decode, encode
from anew.model.circumstances import Circumstances
from anew.model.digest import Digest
from anew.model.inputs import Streams, Variable
from anew.model.recipe import Request
from anew.model.record import Gap
from anew.model.tree import Stamp
from anew.store.copying import stamp_at
from anew.store.durable import write_all
from anew.trace.places import Places, inside
from anew.verbs.workspace import Workspace

REQUEST, BEFORE, SETTINGS, GIVEN, LISTINGS, STDIN, EXIT = (
    "request.json",
    "before.msgpack",
    "settings",
    "given.jsonl",
    "listings",
    "stdin",
    "exit.json",
)


class Before(Struct):
    """The state of the world at the start. `started` is the monotonic clock's, in ns.

    `mounts` say where files lie that the program sees elsewhere; `boot` names this uptime of the
    machine, as inodes and clocks mean nothing after it.
    """

    listing: Listing
    git: GitState | None
    variables: tuple[Variable, ...]
    locale: str
    timezone: str
    umask: int
    streams: Streams
    circumstances: Circumstances
    started: int
    began: int  # ns since 1970
    boot: str = ""
    hash_seed: str | None = None
    source_date_epoch: str | None = None
    interpreter: str | None = None
    stdin: str | None = None  # the file that stdin was
    stdin_offset: int = 0
    stdout_file: str | None = None  # where the shell sent a stream to, and from which byte on
    stdout_offset: int = 0
    stderr_file: str | None = None
    stderr_offset: int = 0
    bounded: bool = True
    large: bool = False  # git tracks more files than are looked through
    mounts: tuple[Mount, ...] = ()
    gaps: tuple[Gap, ...] = ()
    threads: tuple[tuple[str, str], ...] = ()
    early: dict[str, Digest] = field(default_factory=dict)  # code held before the start, by path
    diff: str = ""
    settings: Settings = Settings()


class World(Struct, frozen=True):
    """Translates between paths as the program saw them and paths as they are from here."""

    project: str  # as seen
    before: Before
    mounted: bool
    _sorted: tuple[Mount, ...] = ()
    _folders: frozenset[str] = frozenset()

    @classmethod
    def of(cls, request: Request, before: Before, *, mounted: bool) -> "World":
        """Return the world of a run; `mounted` says whether its mounts came about."""
        mounts = sorted(before.mounts, key=lambda mount: -len(mount.target)) if mounted else ()
        folders = frozenset(before.listing.folders)
        return cls(request.project, before, mounted, tuple(mounts), folders)

    @property
    def began(self) -> int:
        """The start of the run, in ns since 1970."""
        return self.before.began

    def real(self, path: str) -> str:
        """Return where the file lies that the program saw at `path`."""
        for mount in self._sorted:
            if inside(path, mount.target):
                below = path[len(mount.target.rstrip("/")) :]
                name = below[1:].partition("/")[0]
                beside = f"{mount.target.rstrip('/')}/{name}"
                if mount.around and name not in ("", *mount.hidden) and os.path.lexists(beside):
                    return path  # it is shown as it lies there
                return mount.source + below
        return path

    def stamp(self, path: str) -> Stamp | None:
        """Return the present state of the file that the program saw at `path`."""
        real = self.real(path)
        return stamp_at(real) or stamp_at(real, follow=False)  # a link may lead nowhere from here

    def correct(self, files: dict[str, Stamp]) -> None:
        """Put in the states of files that are mounted over placeholders of the room."""
        for mount in self._sorted:
            if mount.read_only:
                found = self.stamp(mount.target)
                if found is not None and S_ISREG(found.mode):
                    files[mount.target] = found

    def state(self, path: str) -> tuple[bool, Stamp | None]:
        """Return what was at `path` before the start, where the first look covered it."""
        listing = self.before.listing
        found = listing.files.get(path)
        if found is not None:
            return True, found
        covered = listing.whole and inside(path, self.project) and "/__pycache__" not in path
        if path in self._folders or os.path.dirname(path) in self._skipped(path):
            covered = False
        return covered, None

    def _skipped(self, path: str) -> tuple[str, ...]:
        """Return the folders on the way to `path` that the first look passed over."""
        below = path[len(self.project) :]
        if any(f"/{name}/" in below for name in ("node_modules", ".git", ".venv", "venv")):
            return (os.path.dirname(path),)
        if any(inside(path, folder) for folder in self.before.listing.environments):
            return (os.path.dirname(path),)
        return ()


def places(
    workspace: Workspace, spool: Path, request: Request, before: Before, environments: Iterable[str]
) -> Places:
    """Return the folders that tell what a file is to a run, among them its `environments`."""
    given = {each.name: each.value for each in before.variables}
    home = config.home_of(given)  # the program's, also in a replay
    return config.places(
        Places(
            request.project,
            home,
            os.path.realpath(temporary_folder()),
            (*environments, *before.listing.environments),
            (str(workspace.root), str(workspace.cache), str(spool), *preload.folders()),
        ),
        given,
    )


def boot_id() -> str:
    """Return the name of this uptime of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def write(spool: Path, request: Request, before: Before, settings: dict[str, str]) -> None:
    """Write down what is known at the start."""
    (spool / "probe").mkdir(mode=0o700, exist_ok=True)
    for name in ("pins", "roles", "figures"):
        (spool / name).mkdir(mode=0o700, exist_ok=True)
    lines = []
    for name, value in settings.items():
        escaped = value.replace("\\", "\\\\").replace("\n", "\\n")
        lines.append(f"{name}={escaped}\n")
    _write(spool / SETTINGS, "".join(lines).encode("utf-8", "surrogateescape"))
    _write(spool / BEFORE, _packed(before))
    _write(spool / REQUEST, encode(request))


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        write_all(descriptor, data)
    finally:
        os.close(descriptor)


def _packed(before: Before) -> bytes:
    try:
        return msgspec.msgpack.encode(before)
    except UnicodeEncodeError:  # a name that is no UTF-8
        return encode(before)


def is_written(spool: Path) -> bool:
    """Say whether the start was written down; a machine that dies at once leaves empty files."""
    try:
        return all((spool / name).stat().st_size for name in (REQUEST, BEFORE))
    except OSError:
        return False


def read(spool: Path) -> tuple[Request, Before, Exit | None]:
    """Return what was written at the start and, where it came to that, at the end.

    Raises:
        OSError: the spool holds no start: the run was killed before it began.
        DamagedObject: it holds something else.
    """
    request = decode((spool / REQUEST).read_bytes(), Request)
    data = (spool / BEFORE).read_bytes()
    before = decode(data, Before) if data[:1] == b"{" else msgspec.msgpack.decode(data, type=Before)
    try:
        ended = msgspec.json.decode((spool / EXIT).read_bytes(), type=Exit)
    except (OSError, msgspec.DecodeError):
        ended = None
    return request, before, ended


def monotonic() -> int:
    """Return the clock that all processes of a run share, in ns."""
    return time.monotonic_ns()
