"""Where in the user's code something happened: the nearest frame that belongs to no library."""

from __future__ import annotations

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

environment: tuple[str, ...] = ()  # prefixes of paths that belong to the environment
_kinds: dict[str, bool] = {}  # file of code -> whether it is a library's
_own = __file__[: __file__.replace("\\", "/").rindex("/") + 1]


def begin() -> None:
    """Learn where this interpreter and its packages lie."""
    global environment
    here = directory()
    places = []
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for prefix in dict.fromkeys(
        (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)
    ):
        inside = (here + "/").startswith(prefix.rstrip("/") + "/")
        if prefix.rstrip("/") in ("", "/usr", "/usr/local") or inside:
            places += [prefix.rstrip("/") + "/lib/python", prefix.rstrip("/") + "/lib64/python"]
        else:
            places.append(prefix.rstrip("/") + "/")
    site = sys.modules.get("site")
    user = getattr(site, "USER_SITE", None)
    if isinstance(user, str):
        places.append(user)
    if sys.prefix == "/usr":
        places += ["/usr/lib/python", "/usr/local/lib/" + version]
    environment = tuple(dict.fromkeys(places))


def directory() -> str:
    """Return the working directory; nothing if it is gone."""
    try:
        return posix.getcwd()
    except OSError:
        return ""


def is_environment(path: str) -> bool:
    """Say whether a file belongs to the interpreter or its installed packages."""
    return path.startswith(environment) or "/site-packages/" in path or "/dist-packages/" in path


def is_library(name: str) -> bool:
    """Say whether a file of code is no part of the user's program."""
    known = _kinds.get(name)
    if known is None:
        inner = name.startswith("<") and not name.startswith(("<string>", "<stdin>", "<ipython"))
        known = inner or name.startswith(_own) or is_environment(name)
        _kinds[name] = known
    return known


def place(depth: int = 1) -> str:
    """Return `module:function:line` of the nearest user frame above our caller's callers.

    While a library is being imported its name stands instead, as `import:library`: which line of
    the user's program imports it first is an accident.
    """
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None:
        code = frame.f_code
        if not is_library(code.co_filename):
            return f"{_module(frame)}:{code.co_name}:{frame.f_lineno}"
        if code.co_name == "<module>" and not code.co_filename.startswith(_own):
            name = _module(frame)
            if name != "__main__" and name != "runpy":
                return "import:" + name.partition(".")[0]
        frame = frame.f_back
    return "?"


def _module(frame: FrameType) -> str:
    name = frame.f_globals.get("__name__", "?")
    if name == "__mp_main__" or not isinstance(name, str):
        return "__main__"
    return name


def module(depth: int = 1) -> str:
    """Return the name of the module that is `depth` frames above our caller."""
    try:
        return str(sys._getframe(depth).f_globals.get("__name__", ""))
    except ValueError:
        return ""


_BETWEEN = ("socket", "ssl", "selectors", "threading", "concurrent", "contextlib")


def library(depth: int = 1) -> str:
    """Return by which library the user's code does what is being done `depth` frames up.

    That is the installed package nearest to the user's code, with the one that does it in brackets,
    as `requests (urllib3)`; a module of Python where no package has a part in it.
    """
    frame: FrameType | None = sys._getframe(depth)
    outer = inner = own = last = ""
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_own):
            if not is_library(name):
                break
            module_ = _module(frame)
            top = module_.partition(".")[0]
            if "/site-packages/" in name or "/dist-packages/" in name:
                outer, inner = top, inner or top
            elif top == "asyncio":
                last = top
            elif top not in _BETWEEN:
                own = module_
        frame = frame.f_back
    if not outer:
        return own or last or "socket"
    return outer if outer == inner else f"{outer} ({inner})"
