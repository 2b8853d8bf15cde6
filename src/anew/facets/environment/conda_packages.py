"""The packages of a conda prefix as parts of an environment, each with a fingerprint."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from anew.facets.environment.conda import META, CondaFile, CondaPackage, neutral
from anew.facets.environment.distributions import (
    UNWATCHED,
    Distribution,
    Known,
    stamps_of,
    watched_of,
)
from anew.facets.environment.sha256 import sha256_bytes, sha256_files
from anew.facets.remembered import recall, remember
from anew.model.canonical import digest_of
from anew.model.secrets import redacted

NAME = "conda/"  # before the names of packages: a distribution may have the same
ORIGIN = "conda"


def prefix_of(site: str) -> str | None:
    """Return the conda prefix that a folder of distributions lies in, None where it lies in none.

    >>> prefix_of("/nowhere/lib/python3.12/site-packages")
    """
    folder, _, name = site.rpartition("/")
    prefix = os.path.dirname(os.path.dirname(folder))
    return prefix if name == "site-packages" and os.path.isdir(f"{prefix}/{META}") else None


def packages(prefix: str, cache: Path, made_for: str) -> list[Distribution]:
    """Return the packages in `prefix`, whose files name the prefix `made_for`, by name.

    Files are hashed only where their state is not that of the last look, which `cache` remembers.
    Those below a folder of distributions are left to what their own lists say.
    """
    place = cache / f"{digest_of((prefix, made_for))[3:19]}-conda.msgpack"
    before = recall(place, dict[str, Known]) or {}
    after: dict[str, Known] = {}
    try:
        names = sorted(each for each in os.listdir(f"{prefix}/{META}") if each.endswith(".json"))
    except OSError:
        return []
    for name in names:
        path = f"{prefix}/{META}/{name}"
        now = _look(prefix, path, made_for, before.get(path))
        if now is not None:
            after[path] = now
    if after != before:
        remember(place, after)
    return [known.distribution for known in after.values()]


def _look(prefix: str, path: str, made_for: str, known: Known | None) -> Known | None:
    try:
        status = os.stat(path)
        state = (status.st_ino, status.st_size, status.st_mtime_ns // 1000)
        if known is not None and known.record == state and (
            stamps_of(prefix, known.watched) == known.stamps
        ):  # fmt: skip
            return known
        package = msgspec.json.decode(Path(path).read_bytes(), type=CondaPackage)
    except (OSError, msgspec.DecodeError):
        return None
    paths = tuple(sorted(each for each in package.all_paths() if _counts(each)))
    watched = watched_of(paths)
    stamps = stamps_of(prefix, watched)
    digests = _digests(prefix, package, paths, made_for)
    missing = tuple(path for path, digest in digests.items() if digest is None)
    content = {path: digest for path, digest in digests.items() if digest is not None}
    changed = _changed(package, content)
    url = redacted(package.url)
    found = Distribution(
        NAME + package.name, f"{package.version}={package.build}", prefix,
        f"{META}/{os.path.basename(path)}",
        ORIGIN, f"{url}#{package.checksum()}" if url else None, digest_of(sorted(content.items())),
        changed, missing,
    )  # fmt: skip
    return Known(state, watched, stamps, found)


def _digests(
    prefix: str, package: CondaPackage, paths: Sequence[str], made_for: str
) -> dict[str, str | None]:
    """Return the digests that files had before the prefix was written into some of them."""
    marked = {each.path: each for each in package.paths_data.paths if each.prefix_placeholder}
    real = {path: marked.get(path) or marked.get(_behind(prefix, path)) for path in paths}
    plain = [path for path in paths if real[path] is None]
    found = dict(zip(plain, sha256_files([f"{prefix}/{each}" for each in plain]), strict=True))
    for path, each in real.items():
        if each is not None:
            found[path] = _neutral(f"{prefix}/{path}", each, made_for)
    return {path: found[path] for path in paths}


def _behind(prefix: str, path: str) -> str:
    """Return the path below the prefix that a link leads to."""
    if not os.path.islink(f"{prefix}/{path}"):
        return path
    return os.path.relpath(os.path.realpath(f"{prefix}/{path}"), os.path.realpath(prefix))


def _counts(path: str) -> bool:
    return "/site-packages/" not in path and not path.endswith((".pyc", *UNWATCHED))


def _neutral(path: str, marked: CondaFile, prefix: str) -> str | None:
    try:
        data = Path(path).read_bytes()
    except OSError:
        return None
    one, other = os.fsencode(prefix), os.fsencode(marked.prefix_placeholder or "")
    is_binary = marked.file_mode == "binary"
    return sha256_bytes(neutral(data, one, other) if is_binary else data.replace(one, other))


def _changed(package: CondaPackage, content: dict[str, str]) -> tuple[str, ...]:
    """Return the files whose bytes are not those that the package brought."""
    found: Sequence[tuple[str, str | None]] = [
        (each.path, each.sha256) for each in package.paths_data.paths
    ]
    return tuple(
        path for path, digest in found
        if digest and path in content and content[path] != sha256_of_hex(digest)
    )  # fmt: skip


def sha256_of_hex(text: str) -> str:
    """Return a digest as a RECORD writes it; empty where `text` is none."""
    from base64 import urlsafe_b64encode  # noqa: PLC0415 - for conda only

    try:
        return urlsafe_b64encode(bytes.fromhex(text)).rstrip(b"=").decode()
    except ValueError:
        return ""
