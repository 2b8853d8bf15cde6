"""The audit hook where no C library is: which files the program opens, lists, moves and removes.

It runs inside every open: the way of a read is kept short, and nothing of it may fail aloud.
"""

from __future__ import annotations

import posix
import sys

from . import acts, journal, order, pins
from .frames import is_environment
from .ignored import is_ignored
from .paths import FOLDER, KIND, LINK, REGULAR, absolute, at, stamp, status, text
from .text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from os import stat_result

    from .foreign import Foreign

    Arguments = tuple[Foreign, ...]

_WRITES = posix.O_WRONLY | posix.O_RDWR | posix.O_TRUNC | posix.O_CREAT
_FOLDERS = posix.O_DIRECTORY | getattr(posix, "O_PATH", 0)  # O_TMPFILE has the first as well
_MANY = 100_000  # paths to remember
_LISTED = 50_000  # names of a folder to write down
_PLAIN_DEVICES = ("null", "zero", "full", "tty", "ptmx", "fd/", "pts/", "std", "shm/", "mqueue/")

_seen: dict[str, object] = {}  # path -> the state in which it was read or listed
_mine: set[str] = set()  # created by this process, or its old bytes are taken care of


def begin() -> None:
    """Install the hook; there is no way to take one out again."""
    acts.table.update(_ACTS)
    sys.addaudithook(_hook)


def _hook(event: str, args: Arguments) -> None:
    try:
        if event == "open":
            path = args[0]
            if (
                path is not journal.points
                and path is not journal.path
                and not (journal.busy and journal.quiet())
            ):
                opened(path, args[2], 3)
            return
        act = acts.table.get(event)  # not by `acts.act`: how deep we are is counted
        if act is not None and journal.path and not (journal.busy and journal.quiet()):
            act(args)
    except Exception as error:
        if not journal.is_ours(error):
            raise
        journal.fault(event, error)


def opened(path: Foreign, flags: Foreign, depth: int = 2) -> None:
    """Take note of an open that is about to be. `depth` frames up is who opens."""
    if type(path) is not str:
        path = text(path)
        if path is None:
            return
    if not path or not journal.path or flags.__class__ is not int or flags & _FOLDERS:
        return
    if path[0] != "/" or "/." in path or "//" in path:
        try:
            path = absolute(path)
        except OSError as error:
            if not journal.is_ours(error):
                raise
            return
    if is_ignored(path):
        if path.startswith("/dev/"):
            _device(path)
    elif not flags & _WRITES:
        if not is_environment(path):
            _read(path, depth)
    elif "/__pycache__/" not in path:
        _written(path, flags)


def _device(path: str) -> None:
    if not path.startswith(_PLAIN_DEVICES, 5):
        journal.gap("inputs", f"opened the device {path}", "give the data in a file")


def _read(path: str, depth: int) -> None:
    compiled = path.endswith(".pyc")
    if compiled:
        path = _source(path)
    if path in _mine:
        return
    now = status(path)
    if now is None:
        if path in _seen and _seen[path] is None:
            return
        _remember(path, None)
        journal.write("open", quote(path) + ',"r",null')
        return
    key = (now.st_mtime_ns, now.st_ctime_ns, now.st_size, now.st_ino)
    if _seen.get(path) == key:
        return
    kind = now.st_mode & KIND
    if kind != REGULAR:
        if kind != FOLDER:
            journal.gap("inputs", f"read from {path}, which is no file", "give the data in a file")
        return
    _remember(path, key)
    how = "m" if compiled or (path.endswith(".py") and _is_import(depth)) else "r"
    journal.write("open", f'{quote(path)},"{how}",{stamp(now)}')


def _remember(path: str, key: object) -> None:
    if len(_seen) > _MANY:
        _seen.clear()
    _seen[path] = key


def _source(path: str) -> str:
    """Return the source a compiled file stands for: with a valid one it is never opened itself."""
    prefix = getattr(sys, "pycache_prefix", None)
    folder, _, name = path.rpartition("/")
    if prefix and path.startswith(prefix + "/"):
        return folder[len(prefix) :] + "/" + name.partition(".")[0] + ".py"
    if folder.endswith("/__pycache__"):
        return folder[:-11] + name.partition(".")[0] + ".py"
    return path


def _is_import(depth: int) -> bool:
    """Say whether importlib opens, or the interpreter itself for the script it was given."""
    try:
        return sys._getframe(depth + 1).f_code.co_filename.startswith(
            ("<frozen importlib", "<frozen zipimport")
        )
    except ValueError:
        return True


def _claim(path: str) -> None:
    if len(_mine) > _MANY:
        _mine.clear()  # the time of modification still tells what is new
    _mine.add(path)


def _written(path: str, flags: int) -> None:
    if path in _mine:
        return
    now = status(path)
    if now is None:
        if flags & posix.O_CREAT:
            _claim(path)
            journal.write("open", quote(path) + ',"c",null')
        return
    kind = now.st_mode & KIND
    if kind != REGULAR:
        if kind != FOLDER:
            journal.gap("outputs", f"wrote to {path}, which is no file", "write to a file")
        return
    if flags & posix.O_EXCL and flags & posix.O_CREAT:
        return  # it will be refused
    if not posix.access(path, posix.W_OK):
        return
    how = "w" if flags & posix.O_TRUNC else "a" if flags & posix.O_APPEND else "u"
    if not is_environment(path):
        pins.keep(path, now)
    _claim(path)
    journal.write("open", f'{quote(path)},"{how}",{stamp(now)}')


def _skips(path: str) -> bool:
    return is_ignored(path) or "/__pycache__" in path


def _list(args: Arguments) -> None:
    path = "." if args[0] is None else text(args[0])
    if path is None:
        return
    path = absolute(path)
    if _skips(path + "/") or is_environment(path + "/") or _is_import(2):
        return
    now = status(path)
    if now is None or now.st_mode & KIND != FOLDER:
        return
    key = (now.st_mtime_ns, now.st_ino)
    if _seen.get(path) != key:
        _remember(path, key)
        journal.write("list", f"{quote(path)},{stamp(now)},{_names(path)}")


def _names(path: str) -> str:
    from _thread import get_ident

    me = get_ident()
    journal.busy.add(me)
    try:
        names = posix.listdir(path)
    except OSError:
        return "null"
    finally:
        journal.busy.discard(me)
    if len(names) > _LISTED:
        return "null"
    names = order.arranged(path, names)
    return "[" + ",".join([quote(name) for name in names]) + "]"


def _is_old(path: str, now: stat_result | None) -> bool:
    """Say whether a file is there whose bytes this process must not let go."""
    return (
        now is not None
        and now.st_mode & KIND == REGULAR
        and path not in _mine
        and not is_environment(path)
    )


def _rename(args: Arguments) -> None:
    source, target = at(args[0], args[2]), at(args[1], args[3])
    if source is None or target is None or _skips(target):
        return
    before, over = status(source, follow=False), status(target, follow=False)
    if before is None:
        return
    if over is not None and _is_old(target, over) and over.st_ino != before.st_ino:
        pins.keep(target, over, going=True)
    if source in _mine:
        _mine.discard(source)
        _claim(target)
    else:
        _mine.discard(target)
        pins.origins[target] = pins.origins.pop(source, (source, stamp(before)))
    _seen.pop(source, None)
    _seen.pop(target, None)
    journal.write("rename", f"{quote(source)},{quote(target)},{stamp(before)},{stamp(over)}")


def _remove(args: Arguments) -> None:
    path = at(args[0], args[1])
    if path is None or _skips(path):
        return
    now = status(path, follow=False)
    if now is None:
        return
    if _is_old(path, now):
        pins.keep(path, now, going=True)
    _mine.discard(path)
    _seen.pop(path, None)
    journal.write("remove", f"{quote(path)},{stamp(now)}")


def _make_folder(args: Arguments) -> None:
    path = at(args[0], args[2])
    if path is not None and not _skips(path) and status(path) is None:
        journal.write("mkdir", quote(path))


def _truncate(args: Arguments) -> None:
    path = at(args[0], -1)
    if path is None or _skips(path) or path in _mine:
        return
    now = status(path)
    if now is not None and now.st_mode & KIND == REGULAR:
        if not is_environment(path):
            pins.keep(path, now)
        _claim(path)
        journal.write("truncate", f"{quote(path)},{stamp(now)}")


def _link(args: Arguments) -> None:
    source, target = at(args[0], args[2]), at(args[1], args[3])
    if source is None or target is None or _skips(target):
        return
    before = status(source, follow=False)
    if source not in _mine and before is not None and before.st_mode & KIND != LINK:
        pins.origins[target] = source, stamp(before)
    there = stamp(status(target, follow=False))
    journal.write("link", f"{quote(source)},{quote(target)},{there}")


def _link_softly(args: Arguments) -> None:
    points_to, path = text(args[0]), at(args[1], args[2])
    if points_to is not None and path is not None and not _skips(path):
        there = stamp(status(path, follow=False))
        journal.write("symlink", f"{quote(points_to)},{quote(path)},{there}")


def _database(args: Arguments) -> None:
    name = text(args[0])
    if not name or name == ":memory:":
        return
    flags = posix.O_RDWR | posix.O_CREAT
    if name.startswith("file:"):
        name, _, options = name[5:].partition("?")
        if "mode=memory" in options or not name or name == ":memory:":
            return
        if "mode=ro" in options or "immutable=1" in options:
            flags = 0
    opened(name, flags)


_ACTS: dict[str, Callable[[Arguments], None]] = {
    "os.listdir": _list,
    "os.scandir": _list,
    "os.rename": _rename,
    "os.remove": _remove,
    "os.rmdir": _remove,
    "os.mkdir": _make_folder,
    "os.truncate": _truncate,
    "os.link": _link,
    "os.symlink": _link_softly,
    "sqlite3.connect": _database,
}
