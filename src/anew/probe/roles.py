"""Role: the name of a process that is the same in every replay, so that its seeds are."""

from __future__ import annotations

import posix
import sys
from _thread import _local

from . import inject, ranks, state
from .digests import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .foreign import Foreign

_parent = ""  # role of the process that started this one
_own: str | None = ""  # None until it is asked for, after a fork or a start by multiprocessing
_forks = 0  # of this process
_fork = ""  # how this process is called as a fork of its parent
_identity: tuple[int, ...] = ()  # of multiprocessing, in the parent of this fork
_server = False  # multiprocessing's fork server: its children are its parent's
_told: str | None = None
task = _local()  # .key: of the pool task this thread is carrying out


def begin(parent: str, argv: list[str]) -> None:
    """Find the role of a process that was just started."""
    global _parent, _own, _server
    _parent = parent
    _server = any("multiprocessing.forkserver import main" in word for word in argv)
    rank = ranks.rank()
    if parent == "" and not rank and _claim("main"):
        _own = ""
    elif _is_spawned(argv):
        _own = None  # its number comes later, with the work it is given
    else:
        _own = _numbered(parent, argv, rank)
    tell()


def _is_spawned(argv: list[str]) -> bool:
    return "--multiprocessing-fork" in argv or any("popen_loky" in word for word in argv)


def _claim(name: str) -> bool:
    flags = posix.O_CREAT | posix.O_EXCL | posix.O_WRONLY | posix.O_CLOEXEC
    try:
        posix.close(posix.open(f"{state.spool}/roles/{name}", flags, 0o600))
    except FileExistsError:
        return False
    except OSError:
        return True  # with a full disk names may be given twice; the program must start
    return True


def _numbered(parent: str, argv: list[str], rank: int | None) -> str:
    """Count processes that are called alike; those with a rank start in no order, and go by it."""
    line = "\0".join([_masked(word) for word in argv[1:]])
    name = digest(line)[:8] if rank is None else f"r{rank}-{digest(line)[:8]}"
    family = digest(parent)[:8]
    number = 0
    while not _claim(f"{family}-{name}-{number}"):
        number += 1
    return f"{parent}/{name}.{number}"


def _masked(word: str) -> str:
    """Take out of an argument what is another in each run: numbers, places of passing files."""
    project = state.settings.get("project", "")
    if len(project) > 1:
        word = word.replace(project, ".")
    folder = posix.environ.get(b"TMPDIR", b"/tmp").decode("utf-8", "surrogateescape")
    if folder in word or "/tmp/" in word:
        return "<temporary>"
    if "multiprocessing" in word or "0x" in word or "_fd=" in word or "pipe" in word:
        return "".join(["#" if letter in "0123456789abcdef" else letter for letter in word])
    for number in (str(posix.getpid()), str(posix.getppid())):
        if len(number) > 2:
            word = word.replace(number, "#")
    return word


def current() -> str:
    """Return who is at work: the task of a pool, or else this process."""
    key = getattr(task, "key", None)
    return process() if key is None else key


def process() -> str:
    """Return the role of this process."""
    global _own
    if _own is None:
        number = _child_number()
        if not number:
            return _parent + (_fork or "/p?" + _name_number())
        _own = _parent + number
    return _own


def _current_process() -> Foreign:
    module = sys.modules.get("multiprocessing.process")
    return getattr(module, "_current_process", None)


def _child_number() -> str:
    identity = getattr(_current_process(), "_identity", ())
    if not identity or identity == _identity:
        return ""
    return "/p" + str(identity[-1])


def _name_number() -> str:
    """Before the work has come: `SpawnProcess-3` is told early."""
    return str(getattr(_current_process(), "name", "")).rpartition("-")[2]


def before_fork() -> None:
    """Count a fork, in the parent."""
    global _forks
    _forks += 1


def after_fork() -> None:
    """Become a child: who it is is asked for later, when multiprocessing has told."""
    global _parent, _own, _fork, _forks, _identity, _server, _told
    if _server:
        _fork = f"/f{_forks}"  # and the parent stays the server's own
    else:
        _parent, _fork = process(), f"/f{_forks}"
    _identity = getattr(_current_process(), "_identity", ())
    if _server:
        _identity = ()
    _own = None
    _forks = 0
    _server = False
    _told = None


def tell() -> None:
    """Put our role where children find it: in C's environment, which `os.environ` does not show."""
    global _told
    role = _parent if _server else process()
    if role != _told:
        _told = role
        posix.putenv(inject.ROLE.encode(), role.encode("utf-8", "surrogateescape"))


def for_children() -> str:
    """Return the role that children are told as their parent's."""
    return _parent if _server else process()
