"""The variables that carry the recorder into a process: put into an environment, hidden in it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

SPOOL = "ANEW_SPOOL"
ROLE = "ANEW_ROLE"
PATH = "PYTHONPATH"
PRELOAD = "LD_PRELOAD"
WIDTH = 512  # bytes; a path that is longer stays as it is

_file = __file__.replace("\\", "/")
FOLDER = _file[: _file.rindex("/")] + "/site"
START = FOLDER + "/sitecustomize.py"


def padded(path: str) -> str:
    """Return an absolute path with slashes in front, as long as all others.

    What is put into a process moves its memory: were our paths longer in one place than in another,
    a replay elsewhere would have its objects at other addresses, and its sets in another order.
    """
    if path[:1] != "/":
        return path
    return "/" * (WIDTH - len(path.encode("utf-8", "surrogateescape"))) + path


def start_of(path: str) -> int:
    """Return where a path begins that may have more slashes in front than it needs."""
    return max(0, len(path) - len(path.lstrip("/")) - 1)


def plain(path: str) -> str:
    """Return a path without the slashes in front that are too many."""
    return path[start_of(path) :]


def variables(spool: str, role: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` with what makes a Python started in it record to `spool`.

    Args:
        spool: the absolute path of the spool, padded or not.
        role: the role of the process that starts the other; empty from the launcher.
        environ: the environment the process would have had without us; not changed.
    """
    result = dict(environ)
    result[SPOOL] = padded(spool)
    result[ROLE] = role
    result[PATH] = in_front(result.get(PATH), FOLDER)
    return result


def in_front(value: str | None, folder: str) -> str:
    """Put `folder` first in a search path that may hold it already, or be missing or empty."""
    rest = without(value, folder)
    folder = padded(folder)
    return folder + ":" + rest if rest else folder


def without(value: str | None, folder: str) -> str:
    """Take `folder` out of a search path."""
    own = plain(folder)
    return ":".join([part for part in (value or "").split(":") if plain(part) != own])


def hide(data: MutableMapping[bytes, bytes], folder: str) -> None:
    """Take our variables out of what Python code sees; C and its children go on seeing them."""
    data.pop(SPOOL.encode(), None)
    data.pop(ROLE.encode(), None)
    key = PATH.encode()
    value = data.pop(key, None)
    if value is not None:
        rest = without(value.decode("utf-8", "surrogateescape"), folder)
        if rest:
            data[key] = rest.encode("utf-8", "surrogateescape")
    first, mark, others = data.get(PRELOAD.encode(), b"").partition(b":")
    if first.rfind(b"libanew") > first.rfind(b"/"):
        if mark:
            data[PRELOAD.encode()] = others
        else:
            del data[PRELOAD.encode()]
