"""The distributions installed in some folders, each with a fingerprint of its files as they are."""

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from anew.facets.environment.sha256 import sha256_files
from anew.facets.remembered import recall, remember
from anew.facets.states import blob, states_of
from anew.model.canonical import digest_of
from anew.model.digest import Digest, digest_bytes
from anew.model.secrets import redacted

# Notes of installers and files that hold the place of the environment: no part of a fingerprint.
NOTES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
# Looked at again only when the RECORD is another: they run nowhere, and are most files of some.
UNWATCHED = (".h", ".hpp", ".cuh", ".hh", ".pyi", ".pxd", ".cmake", ".md", ".rst", ".txt", ".html")
METADATA_FOLDERS = (".dist-info", ".egg-info")


class Distribution(Struct):
    """One distribution. `files` are relative to `folder`; `changed` differ from its RECORD."""

    name: str
    version: str
    folder: str
    metadata: str  # the name of its .dist-info folder
    origin: str = "index"
    url: str | None = None
    fingerprint: Digest | None = None
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()  # that it brings at the top level


class Known(Struct):
    """What a former look found, true as long as `stamps` are those of the files."""

    record: tuple[int, int, int]
    watched: bytes  # the files that are looked at, each ended by a NUL
    stamps: Digest
    distribution: Distribution


def scan(folders: Iterable[str], cache: Path) -> tuple[Distribution, ...]:
    """Return the distributions in `folders`, by name; of two with one name the first counts.

    Files are hashed only where their size, times or inode are not those of the last look, which
    `cache` (a folder) remembers.
    """
    found: dict[str, Distribution] = {}
    for folder in folders:
        for distribution in _in_folder(folder, cache):
            found.setdefault(canonical_name(distribution.name), distribution)
    return tuple(found[name] for name in sorted(found))


def canonical_name(name: str) -> str:
    """Return `name` as indexes compare it (PEP 503).

    >>> canonical_name("Flask_SQLAlchemy")
    'flask-sqlalchemy'
    """
    lowered = name.lower().replace("_", "-").replace(".", "-")
    while "--" in lowered:
        lowered = lowered.replace("--", "-")
    return lowered


def _in_folder(folder: str, cache: Path) -> Iterator[Distribution]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(METADATA_FOLDERS))
    except OSError:
        return
    if not names:
        return
    place = cache / f"{digest_of(folder)[3:19]}-5.msgpack"
    before, after = recall(place, dict[str, Known]) or {}, dict[str, Known]()
    changed = False
    for name in names:
        path = f"{folder}/{name}"
        known = before.get(path)
        now = _look(folder, name, known)
        if now is None:
            continue
        after[path] = now
        changed = changed or now is not known
        yield now.distribution
    if changed or before.keys() != after.keys():
        remember(place, after)


def _look(folder: str, name: str, known: Known | None) -> Known | None:
    record = _record_state(f"{folder}/{name}/RECORD")
    if record is None:
        return _without_record(folder, name)
    if known is not None and known.record == record:
        stamps = stamps_of(folder, known.watched)
        if stamps == known.stamps:
            return known
    rows = _rows(f"{folder}/{name}/RECORD")
    paths = tuple(sorted(path for path in rows if _counts(path)))
    watched = watched_of(paths)
    return Known(record, watched, stamps_of(folder, watched), _hashed(folder, name, paths, rows))


def _record_state(path: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns // 1000


def _rows(path: str) -> dict[str, str]:
    """Return the digest that the RECORD states for each file, empty where it states none."""
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
        return {row[0]: row[1] if len(row) > 1 else "" for row in csv.reader(stream) if row}


def _counts(path: str) -> bool:
    """Say whether a file of a RECORD is part of the fingerprint; scripts outside are not."""
    if path.startswith(("..", "/")) or path.endswith((".pyc", ".pyo")):
        return False
    folder, _, name = path.rpartition("/")
    return not (folder.endswith(".dist-info") and name in NOTES)


def stamps_of(folder: str, watched: bytes) -> Digest:
    """Return one digest of the states of all files that may run."""
    found = states_of(folder, watched)
    return digest_bytes(found.tobytes() if found is not None else b"")


def watched_of(paths: Iterable[str]) -> bytes:
    """Return those of `paths` whose states are looked at, as `stamps_of` takes them."""
    return blob(tuple(path for path in paths if not path.endswith(UNWATCHED)))


def _hashed(folder: str, name: str, paths: tuple[str, ...], rows: dict[str, str]) -> Distribution:
    result = _described(folder, name)
    content, changed, missing = [], [], []
    digests = sha256_files([f"{folder}/{path}" for path in paths])
    for path, found in zip(paths, digests, strict=True):
        if found is None:
            missing.append(path)
            continue
        content.append((path.replace(name, ".dist-info", 1), found))
        if rows[path] and rows[path] != f"sha256={found}":
            changed.append(path)
    result.fingerprint = digest_of(content)
    result.modules = _modules(paths)
    result.changed, result.missing = tuple(changed), tuple(missing)
    return result


def _modules(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the top-level modules that files of a distribution make.

    >>> _modules(["six.py", "sklearn/svm/_base.py", "_fast.cpython-311.so", "six-1.dist-info/x"])
    ('_fast', 'six', 'sklearn')
    """
    found = set()
    for path in paths:
        if path.endswith((".py", ".so", ".pyd")) and not path.startswith(("..", "/")):
            top, inside, _ = path.partition("/")
            if inside and not top.endswith((".dist-info", ".data")):
                found.add(top)
            elif not inside:
                found.add(top.partition(".")[0])
    return tuple(sorted(found))


def _without_record(folder: str, name: str) -> Known | None:
    """Describe a distribution of the system's own tools or conda's; its files are not listed."""
    result = _described(folder, name)
    if not result.name:
        return None
    result.origin = "system"
    result.fingerprint = digest_of((result.name, result.version))
    return Known((0, 0, 0), b"", digest_of(""), result)


def _described(folder: str, name: str) -> Distribution:
    headers: dict[str, str] = {}
    for path in (f"{folder}/{name}/METADATA", f"{folder}/{name}/PKG-INFO", f"{folder}/{name}"):
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                headers = _headers(stream)
                break
        except OSError:
            continue
    stem = name.rpartition(".")[0].split("-")
    title = headers.get("name") or stem[0]
    version = headers.get("version") or (stem[1] if len(stem) > 1 else "")
    origin, url = _origin(f"{folder}/{name}/direct_url.json")
    return Distribution(title, version, folder, name, origin, url)


def _headers(stream: Iterable[str]) -> dict[str, str]:
    """Return the first headers of core metadata; names and versions are on one line each."""
    headers: dict[str, str] = {}
    for line in stream:
        if not line.strip():
            break
        name, colon, value = line.partition(":")
        if colon and not name.startswith((" ", "\t")):
            headers.setdefault(name.lower(), value.strip())
    return headers


class _DirectUrl(msgspec.Struct):
    """PEP 610: where a distribution came from when not from an index."""

    url: str = ""
    vcs_info: dict[str, str] | None = None
    dir_info: dict[str, bool] | None = None


def _origin(path: str) -> tuple[str, str | None]:
    try:
        with open(path, "rb") as stream:
            direct = msgspec.json.decode(stream.read(), type=_DirectUrl)
    except (OSError, msgspec.DecodeError):
        return "index", None
    url = redacted(direct.url)
    if direct.vcs_info is not None:
        kind, commit = direct.vcs_info.get("vcs", "git"), direct.vcs_info.get("commit_id", "")
        return "vcs", f"{kind}+{url}@{commit}"
    if direct.dir_info is not None:
        return ("editable" if direct.dir_info.get("editable") else "local"), url
    return "archive", url
