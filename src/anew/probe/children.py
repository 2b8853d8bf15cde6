"""Follows the processes the program starts: names them, and carries the recorder into each."""

from __future__ import annotations

import os
import posix
import sys

from . import acts, imports, inject, journal, redact, roles, state
from .paths import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from .foreign import Foreign


def begin() -> None:
    """Watch all ways to start a process; put our variables into environments made for one."""
    acts.table.update(_ACTS)
    if hasattr(posix, "register_at_fork"):
        posix.register_at_fork(before=roles.before_fork)
    for name, place in (("execve", 2), ("posix_spawn", 2), ("posix_spawnp", 2)):
        if hasattr(os, name):
            old = getattr(os, name)
            imports.wrap(os, name, _environment_at(place, "env"))
            if getattr(posix, name, None) is old:
                setattr(posix, name, getattr(os, name))
    imports.after("_posixsubprocess", _fork_exec)


def _environment_at(place: int, name: str) -> Callable[[Foreign], Foreign]:
    def make(original: Foreign) -> Foreign:
        def start(*args: Foreign, **options: Foreign) -> Foreign:
            if len(args) > place:
                args = (*args[:place], carried(args[place]), *args[place + 1 :])
            elif name in options:
                options[name] = carried(options[name])
            return original(*args, **options)

        return start

    return make


def carried(environ: Foreign) -> Foreign:
    """Return a mapping that is to be a child's environment, with our variables; else the same."""
    try:
        if environ is None or environ is posix.environ or not hasattr(environ, "keys"):
            return environ
        binary = any(isinstance(key, bytes) for key in environ)
        result = {key: environ[key] for key in environ.keys()}  # noqa: SIM118 - as C reads it
        for name, value in _ours(result.get(b"PYTHONPATH" if binary else "PYTHONPATH")):
            result[name.encode() if binary else name] = (
                value.encode("utf-8", "surrogateescape") if binary else value
            )
    except Exception as error:
        if not journal.is_ours(error):
            raise
        return environ
    return result


def _ours(path: Foreign) -> list[tuple[str, str]]:
    return [
        (inject.SPOOL, state.spool),
        (inject.ROLE, roles.for_children()),
        (inject.PATH, inject.in_front(text(path), state.site)),
    ]


def _fork_exec(module: ModuleType) -> None:
    def make(original: Foreign) -> Foreign:
        def fork_exec(*args: Foreign) -> Foreign:
            if len(args) > 5 and args[5] is not None:
                args = (*args[:5], _listed(args[5]), *args[6:])
            return original(*args)

        return fork_exec

    library: Foreign = module
    old = library.fork_exec
    imports.wrap(library, "fork_exec", make)
    imports.replace(old, library.fork_exec, "subprocess")


def _listed(pairs: Foreign) -> Foreign:
    """Do the same for an environment that is a list of `NAME=value`."""
    try:
        values = dict([bytes(pair).partition(b"=")[::2] for pair in pairs])
        for name, value in _ours(values.get(b"PYTHONPATH")):
            values[name.encode()] = value.encode("utf-8", "surrogateescape")
        return [name + b"=" + value for name, value in values.items()]
    except Exception as error:
        if not journal.is_ours(error):
            raise
        return pairs


def _note(executable: Foreign, argv: Foreign, how: str, folder: Foreign) -> None:
    roles.tell()
    words = [argv] if isinstance(argv, (str, bytes)) else list(argv or ())
    plain = redact.words([text(word) or repr(word) for word in words])
    place = text(folder) if folder is not None else None
    journal.event("spawn", text(executable) or (plain[0] if plain else ""), plain, how, place)


def _popen(args: tuple[Foreign, ...]) -> None:
    _note(args[0], args[1], "subprocess", args[2])


def _posix_spawn(args: tuple[Foreign, ...]) -> None:
    roles.tell()
    if sys._getframe(3).f_globals.get("__name__") == "subprocess":
        return  # told as such
    _note(args[0], args[1], "posix_spawn", None)


def _exec(args: tuple[Foreign, ...]) -> None:
    from . import ending

    _note(args[0], args[1], "exec", None)
    ending.tell()


def _system(args: tuple[Foreign, ...]) -> None:
    _note("/bin/sh", args[0], "system", None)


def _fork(_args: tuple[Foreign, ...]) -> None:
    roles.tell()


_ACTS = {
    "subprocess.Popen": _popen,
    "os.posix_spawn": _posix_spawn,
    "os.exec": _exec,
    "os.system": _system,
    "os.fork": _fork,
    "os.forkpty": _fork,
}
