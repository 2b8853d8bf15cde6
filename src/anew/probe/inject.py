"""The variables that carry the recorder into a process: put into an environment, hidden in it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

SPOOL = "ANEW_SPOOL"
ROLE = "ANEW_ROLE"
PATH = "PYTHONPATH"
PRELOAD = "LD_PRELOAD"

_file = __file__.replace("\\", "/")
FOLDER = _file[: _file.rindex("/")] + "/site"
START = FOLDER + "/sitecustomize.py"


def variables(spool: str, role: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` with what makes a Python started in it record to `spool`.

    Args:
        spool: the absolute path of the spool.
        role: the role of the process that starts the other; empty from the launcher.
        environ: the environment the process would have had without us; not changed.
    """
    result = dict(environ)
    result[SPOOL] = spool
    result[ROLE] = role
    result[PATH] = in_front(result.get(PATH), FOLDER)
    return result


def in_front(value: str | None, folder: str) -> str:
    """Put `folder` first in a search path that may hold it already, or be missing or empty."""
    rest = without(value, folder)
    return folder + ":" + rest if rest else folder


def without(value: str | None, folder: str) -> str:
    """Take `folder` out of a search path."""
    return ":".join(part for part in (value or "").split(":") if part != folder) if value else ""


def hide(data: MutableMapping[bytes, bytes], folder: str) -> None:
    """Take our variables out of what Python code sees; C and its children go on seeing them."""
    data.pop(SPOOL.encode(), None)
    data.pop(ROLE.encode(), None)
    key = PATH.encode()
    value = data.pop(key, None)
    if value is not None:
        ours = folder.encode("utf-8", "surrogateescape")
        rest = b":".join(part for part in value.split(b":") if part != ours)
        if rest:
            data[key] = rest
    first, mark, others = data.get(PRELOAD.encode(), b"").partition(b":")
    if b"libanew" in first.rpartition(b"/")[2]:
        if mark:
            data[PRELOAD.encode()] = others
        else:
            del data[PRELOAD.encode()]
