"""Wheels made of installed files: what pip or uv installs again to the same files."""

import csv
import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from anew.facets.environment.sha256 import sha256_bytes, sha256_hex

CLOCK = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can say: the same files, the same wheel
WRITTEN_ANEW = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json",
                "uv_build.json")  # fmt: skip
PLAIN, RUNS = 0o644, 0o755


class Reader(Protocol):
    """Reads installed files by their path."""

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, None where it is not there."""
        ...

    def executable(self, path: str) -> bool:
        """Say whether a file may be executed."""
        ...


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel that was made. `lost` are files of the RECORD that were not there."""

    name: str  # of the file
    size: int
    sha256: str
    lost: tuple[str, ...] = ()


def make_wheel(reader: Reader, metadata: str, prefix: str, folder: Path) -> Wheel | None:
    """Make the wheel of the distribution whose `.dist-info` folder is `metadata`, in `folder`.

    Returns None where it has no RECORD: nobody knows its files then. `prefix` is the environment's;
    files outside its `site-packages` (scripts, data) find their places below it again.
    """
    record = reader.read(f"{metadata}/RECORD")
    if record is None:
        return None
    site, _, info = metadata.rpartition("/")
    stem = info.removesuffix(".dist-info")
    lost: list[str] = []
    rows: list[tuple[str, str, int]] = []
    target = folder / f"{stem}-{_tag(reader, metadata)}.whl"
    part = target.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path in _paths(record, info, reader.read(f"{metadata}/entry_points.txt") or b""):
            data = reader.read(f"{site}/{path}")
            place = _place(path, site, prefix, stem)
            if data is None or place is None:
                lost.append(path)
                continue
            mode = RUNS if reader.executable(f"{site}/{path}") else PLAIN
            _add(wheel, place, data, mode)
            rows.append((place, f"sha256={sha256_bytes(data)}", len(data)))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*rows, (f"{info}/RECORD", "", "")])
        _add(wheel, f"{info}/RECORD", text.getvalue().encode("utf-8", "surrogateescape"), PLAIN)
    part.replace(target)
    return Wheel(target.name, target.stat().st_size, sha256_hex(str(target)), tuple(lost))


def _add(wheel: zipfile.ZipFile, path: str, data: bytes, mode: int) -> None:
    entry = zipfile.ZipInfo(path, CLOCK)
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    wheel.writestr(entry, data)


def _tag(reader: Reader, metadata: str) -> str:
    """Return the end of a wheel's name: build, and what it fits, as its WHEEL file says."""
    build, tags = "", []
    for line in (reader.read(f"{metadata}/WHEEL") or b"").decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        if name.lower() == "build":
            build = value.strip() + "-"
        elif name.lower() == "tag":
            tags.append(value.strip().split("-"))
    if not all(len(tag) == 3 for tag in tags) or not tags:
        return "py3-none-any"
    return build + "-".join(".".join(dict.fromkeys(part)) for part in zip(*tags, strict=True))


def _paths(record: bytes, info: str, entry_points: bytes) -> Iterator[str]:
    """Yield the files of a RECORD but those that an installer makes anew."""
    made = {
        line.partition("=")[0].strip()
        for line in entry_points.decode("utf-8", "replace").splitlines() if "=" in line
    }  # fmt: skip
    text = record.decode("utf-8", "surrogateescape")
    for row in csv.reader(io.StringIO(text)):
        path = row[0] if row else ""
        name = os.path.basename(path)
        if not path or path.endswith((".pyc", ".pyo")):
            continue
        if path.startswith(f"{info}/") and name in WRITTEN_ANEW:
            continue
        if path.startswith("..") and "/bin/" in path and name in made:
            continue
        yield path


def _place(path: str, site: str, prefix: str, stem: str) -> str | None:
    """Return where in a wheel lies what is installed at `path`, seen from `site`."""
    if not path.startswith(("..", "/")):
        return path
    whole = os.path.normpath(os.path.join(site, path))
    if not whole.startswith(prefix + "/"):
        return None
    below = whole[len(prefix) + 1 :]
    first, _, rest = below.partition("/")
    if first == "bin":
        return f"{stem}.data/scripts/{rest}"
    if first == "include":
        return f"{stem}.data/headers/{os.path.basename(below)}"
    return f"{stem}.data/data/{below}"
