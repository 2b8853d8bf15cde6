"""Settings: what `anew.toml` in a project says of what to keep and of what files are."""

import os
import re
from collections.abc import Mapping

from msgspec import Struct

from anew.facets.holding import Limits
from anew.model.errors import BadConfiguration
from anew.trace.rules import OwnRule, Role

NAME = "anew.toml"
UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
         "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}  # fmt: skip
KNOWN = {"store": ("largest", "most", "beside"), "rules": ("path", "role")}
ROLES = (Role.INPUT, Role.OUTPUT, Role.CODE, Role.ENVIRONMENT, Role.CACHE, Role.NOISE)


class Settings(Struct, frozen=True):
    """What a project asks for: how much is kept by value, and rules of its own.

    `beside` says that large inputs may be hashed while the program runs.
    """

    limits: Limits = Limits()
    rules: tuple[OwnRule, ...] = ()
    beside: bool = True


def read(folder: str, project: str, home: str) -> Settings:
    """Read the settings of a project that lies in `folder` and is seen at `project`.

    Raises:
        BadConfiguration: the file is no TOML, or says what nobody understands.
    """
    path = f"{folder}/{NAME}"
    try:
        with open(path, "rb") as stream:
            import tomllib  # noqa: PLC0415 - most projects have no such file

            values = tomllib.load(stream)
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        raise BadConfiguration(
            f"{path} cannot be read", why=str(error), hint="correct it, or move it away"
        ) from error
    return parsed(values, project, home)


def parsed(values: Mapping[str, object], project: str, home: str) -> Settings:
    """Return the settings that the values of an `anew.toml` stand for.

    Raises:
        BadConfiguration: a name or value that nobody understands.
    """
    store, rules = values.get("store", {}), values.get("rules", [])
    for name in values:
        if name not in KNOWN:
            raise _unknown(f"`{name}`", KNOWN)
    if not isinstance(store, dict):
        raise _bad("[store]", "it is no table")
    for name in store:
        if name not in KNOWN["store"]:
            raise _unknown(f"`{name}` in [store]", KNOWN["store"])
    if not isinstance(rules, list):
        raise _bad("[[rules]]", "they are no list of tables")
    beside = store.get("beside", True)
    if not isinstance(beside, bool):
        raise _bad("`beside` in [store]", f"{beside!r} is neither true nor false")
    sizes = {name: _size(name, value) for name, value in store.items() if name != "beside"}
    own = tuple(_rule(each, project, home) for each in rules)
    return Settings(Limits(**sizes), own, beside)


def _rule(value: object, project: str, home: str) -> OwnRule:
    if not isinstance(value, dict) or set(value) != set(KNOWN["rules"]):
        raise _bad("a rule", "each of [[rules]] has a `path` and a `role`")
    path, role = value["path"], value["role"]
    if not isinstance(path, str) or not path:
        raise _bad("a rule", f"its path {path!r} is no text")
    if role not in ROLES:
        raise _bad(f"the rule for {path}", f"its role {role!r} is none of {', '.join(ROLES)}")
    if path == "~" or path.startswith("~/"):
        path = home + path[1:]
    return OwnRule(os.path.join(project, path), Role(role))


def _size(name: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]i?B|B)", str(value))
    if found is None:
        raise _bad(f"`{name}` in [store]", f'{value!r} is no size, such as "1 GiB" or 1073741824')
    return int(float(found[1]) * UNITS[found[2]])


def _unknown(what: str, known: object) -> BadConfiguration:
    names = ", ".join(f"`{name}`" for name in known) if isinstance(known, tuple | dict) else ""
    return _bad(what, f"Anew knows {names} there")


def _bad(what: str, why: str) -> BadConfiguration:
    return BadConfiguration(f"{NAME}: {what} is not understood", why=why,
                       hint="see docs/inputs.md for what it may say")  # fmt: skip
