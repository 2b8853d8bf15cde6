"""Advisories: which versions are known to be vulnerable, from JSON files of OSV."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, field
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from anew.model.errors import BadConfiguration


class _Named(Struct):
    name: str = ""
    ecosystem: str = ""


class _Range(Struct):
    type: str = ""
    events: list[dict[str, str]] = field(default_factory=list)


class _Affected(Struct):
    package: _Named = field(default_factory=_Named)
    versions: list[str] = field(default_factory=list)
    ranges: list[_Range] = field(default_factory=list)


class Advisory(Struct):
    """One advisory of the Open Source Vulnerability schema."""

    id: str
    summary: str = ""
    withdrawn: str | None = None
    affected: list[_Affected] = field(default_factory=list)

    def concerns(self, name: str, version: str) -> bool:
        """Say whether that version of the distribution is affected."""
        return self.withdrawn is None and any(
            _is_affected(each, version)
            for each in self.affected
            if each.package.ecosystem.lower() == "pypi"
            and canonicalize_name(each.package.name) == canonicalize_name(name)
        )


def read_advisories(path: Path) -> tuple[Advisory, ...]:
    """Read a file with one advisory, a list of them or one a line; or a folder of such files.

    Raises:
        BadConfiguration: it holds something else, or cannot be read.
    """
    found: list[Advisory] = []
    try:
        files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        for each in files:
            found += _parsed(each.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadConfiguration(
            f"{path} holds no advisories", why=str(error),
            hint="give a JSON file of the OSV schema, a list of such objects, or a folder of files",
        ) from error  # fmt: skip
    return tuple(found)


def _parsed(data: bytes) -> Iterable[Advisory]:
    text = data.strip()
    if text.startswith(b"["):
        return msgspec.json.decode(text, type=list[Advisory])
    try:
        return [msgspec.json.decode(text, type=Advisory)]
    except msgspec.DecodeError:
        return [msgspec.json.decode(line, type=Advisory) for line in text.splitlines() if line]


def _is_affected(affected: _Affected, version: str) -> bool:
    try:
        mine = Version(version)
    except InvalidVersion:
        return version in affected.versions
    if any(_same(mine, each) for each in affected.versions):
        return True
    spans = (each for each in affected.ranges if each.type == "ECOSYSTEM")
    return any(_between(mine, list(_events(each))) for each in spans)


def _same(mine: Version, other: str) -> bool:
    try:
        return Version(other) == mine
    except InvalidVersion:
        return False


def _events(span: _Range) -> Iterator[tuple[Version, str]]:
    for event in span.events:
        for kind, text in event.items():
            try:
                yield Version("0.dev0" if text == "0" else text), kind
            except InvalidVersion:
                continue


def _between(mine: Version, events: list[tuple[Version, str]]) -> bool:
    """Say whether a version lies between an introduction and what ends it."""
    inside = False
    for at, kind in sorted(events, key=lambda event: event[0]):
        if kind == "introduced" and mine >= at:
            inside = True
        elif (kind == "fixed" and mine >= at) or (kind == "last_affected" and mine > at):
            inside = False
    return inside
