"""What a program asked for in a clean room that was not there, each with its remedy."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from anew.execute.protocol import Mount
from anew.facets.spool import Account
from anew.trace.calling import connections
from anew.trace.events import Deed
from anew.trace.places import NOISE, SYSTEM, inside

CACHES = (
    ".cache/pip", ".cache/uv", ".cache/matplotlib", ".cache/fontconfig", ".config/matplotlib",
)  # fmt: skip
MOST = 50


@dataclass(frozen=True, slots=True)
class Missing:
    """A `file`, `program` or `connection` asked for; `here` says that this machine has it."""

    kind: str
    name: str
    here: bool
    remedy: str


def missing_from(
    account: Account, shown: Iterable[Mount], lent: Iterable[Mount], variables: Mapping[str, str]
) -> tuple[Missing, ...]:
    """Return what the processes of a replay looked for in vain.

    `shown` are the room's own mounts and `lent` what is seen of this machine.
    """
    own = [mount for mount in shown if not mount.read_only]
    found = _files(account, own, variables)
    found += _programs(account, [*shown, *lent], variables)
    found += [
        Missing("connection", where, here=False,
                remedy="a clean room has no network: keep what is fetched as a file of the project")
        for where in dict.fromkeys(each.where for each in connections(account.calls, (), 0, ()))
    ]  # fmt: skip
    return tuple(found)


def _files(account: Account, own: list[Mount], variables: Mapping[str, str]) -> list[Missing]:
    home = variables.get("HOME", "")
    quiet = [f"{home}/{name}" for name in CACHES]
    for process in account.processes:  # it looks for much of its own
        quiet += [place for place in (process.prefix, process.base_prefix) if place]
    made: set[str] = set()
    sought: dict[str, None] = {}
    for event in sorted(account.events, key=lambda event: event.time):
        looked = event.deed in (Deed.READ, Deed.IMPORTED, Deed.LISTED)
        if not looked or event.stamp is not None:
            made.add(event.path)
        elif event.path not in made:
            sought[event.path] = None
    found = []
    for path in sought:
        noise = any(inside(path, place) for place in (*NOISE, *SYSTEM, *quiet))
        if noise or "/__pycache__" in path or path.endswith(".pyc") or not path.startswith("/"):
            continue
        if seen(path, own):
            continue  # it was made later, by another process
        here = os.path.lexists(path)
        found.append(
            Missing("file", path, here,
                    f"`--lend {path}` shows it; run the experiment again to hold it" if here
                    else "put it in place and run the experiment again, so that it is held")
        )  # fmt: skip
    return sorted(found, key=lambda each: (not each.here, each.name))[:MOST]


def seen(path: str, shown: Iterable[Mount]) -> bool:
    """Say whether something lies at `path` in a room that shows that."""
    for mount in sorted(shown, key=lambda mount: -len(mount.target)):
        if inside(path, mount.target):
            return os.path.lexists(mount.source + path[len(mount.target.rstrip("/")) :])
    return False


def _programs(account: Account, shown: list[Mount], variables: Mapping[str, str]) -> list[Missing]:
    path = variables.get("PATH", os.defpath)
    found: dict[str, Missing] = {}
    for words in account.spawned:
        name = words[0]
        places = [name] if "/" in name else [f"{folder}/{name}" for folder in path.split(":")]
        here = [place for place in places if os.access(place, os.X_OK)]
        if here and not any(seen(place, shown) for place in places):
            found[name] = Missing("program", name, here=True,
                                  remedy=f"`--lend {here[0]}` shows it")  # fmt: skip
    return list(found.values())
