"""Conda environments made for tests: small packages and a real Python, installed as conda does."""

import base64
import bz2
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import engines, wheelhouse

MINOR = f"python{sys.version_info.major}.{sys.version_info.minor}"
SITE = f"lib/{MINOR}/site-packages"
SUBDIR = "linux-64"
PLACEHOLDER = ("/opt/" + "placehold_" * 26)[:255]
MARK = b"prefix: "


@dataclass(frozen=True)
class Made:
    """A package: its files by path, links by target, and files that name the prefix, and how."""

    name: str
    version: str
    files: Mapping[str, bytes]
    links: Mapping[str, str] = field(default_factory=dict)
    marked: Mapping[str, str] = field(default_factory=dict)
    executable: frozenset[str] = frozenset()
    depends: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """The name of its file without the ending."""
        return f"{self.name}-{self.version}-0"

    def index(self) -> dict[str, Any]:
        """What the package says of itself."""
        return {"name": self.name, "version": self.version, "build": "0", "build_number": 0,
                "subdir": SUBDIR, "depends": list(self.depends), "license": "MIT",
                "arch": "x86_64", "platform": "linux", "timestamp": 1_600_000_000_000}  # fmt: skip

    def paths(self) -> list[dict[str, Any]]:
        """Its files as its list of paths has them."""
        rows: list[dict[str, Any]] = []
        for path, data in self.files.items():
            row: dict[str, Any] = {"_path": path, "path_type": "hardlink", "size_in_bytes": len(data),
                                   "sha256": hashlib.sha256(data).hexdigest()}  # fmt: skip
            if path in self.marked:
                row |= {"prefix_placeholder": PLACEHOLDER, "file_mode": self.marked[path]}
            rows.append(row)
        for path, target in self.links.items():
            whole = os.path.normpath(f"{os.path.dirname(path)}/{target}")
            data = self.files.get(whole, b"")
            rows.append({"_path": path, "path_type": "softlink", "size_in_bytes": len(data),
                         "sha256": hashlib.sha256(data).hexdigest()})  # fmt: skip
        return sorted(rows, key=lambda row: row["_path"])

    def write(self, channel: Path) -> bytes:
        """Put the package into a channel, a folder; return its bytes."""
        info = {
            "info/index.json": json.dumps(self.index()).encode(),
            "info/paths.json": json.dumps({"paths": self.paths(), "paths_version": 1}).encode(),
            "info/files": "".join(f"{each['_path']}\n" for each in self.paths()).encode(),
        }
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w") as tar:
            for path, data in (*info.items(), *self.files.items()):
                member = tarfile.TarInfo(path)
                member.size, member.mode = len(data), 0o755 if path in self.executable else 0o644
                tar.addfile(member, io.BytesIO(data))
            for path, target in self.links.items():
                member = tarfile.TarInfo(path)
                member.type, member.linkname = tarfile.SYMTYPE, target
                tar.addfile(member)
        data = bz2.compress(plain.getvalue(), 1)
        folder = channel / SUBDIR
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.stem}.tar.bz2").write_bytes(data)
        return data


def packages(scratch: Path) -> list[Made]:
    """Make a Python, a library of two that a link chooses, and `demo`, which has a script."""
    python = scratch / "python"
    engines.interpreter(python)
    files, links, executable = {}, {}, set()
    for path in sorted(python.rglob("*")):
        name = str(path.relative_to(python))
        if path.is_symlink():
            links[name] = os.readlink(path)
        elif path.is_file():
            files[name] = path.read_bytes()
            if os.access(path, os.X_OK):
                executable.add(name)
    links["bin/python"] = MINOR
    files[f"{SITE}/README.txt"] = b"what is installed lies here\n"
    version = ".".join(map(str, sys.version_info[:3]))
    marked = MARK + PLACEHOLDER.encode() + b"/share\0" + b"after\0"
    blas = {"lib/libreference.so": wheelhouse.native("_bisect").read_bytes() + marked,
            "lib/libfast.so": wheelhouse.native("_heapq").read_bytes() + marked}  # fmt: skip
    module = {"demo/__init__.py": b"ANSWER = 42\n"}
    info = "demo-1.0.dist-info"
    module[f"{info}/METADATA"] = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
    module[f"{info}/INSTALLER"] = b"conda\n"
    rows = [f"{name},sha256={_record(data)},{len(data)}\n" for name, data in module.items()]
    module[f"{info}/RECORD"] = ("".join(rows) + f"{info}/RECORD,,\n").encode()
    script = f"#!{PLACEHOLDER}/bin/python\nimport demo, sys\nprint(demo.ANSWER, sys.prefix)\n"
    return [
        Made("python", version, files, links, executable=frozenset(executable)),
        Made("libblas", "3.9", blas, {"lib/libblas.so.3": "libreference.so"},
             dict.fromkeys(blas, "binary")),
        Made("demo", "1.0", {**{f"{SITE}/{name}": data for name, data in module.items()},
             "bin/demo": script.encode()}, marked={"bin/demo": "text"},
             executable=frozenset(("bin/demo",)), depends=("python", "libblas")),
    ]  # fmt: skip


def _record(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def install(prefix: Path, channel: Path, made: Iterable[Made]) -> None:
    """Write packages and what conda writes down about them."""
    meta = prefix / "conda-meta"
    meta.mkdir(parents=True)
    history = ["==> 2026-01-01 00:00:00 <==\n"]
    for each in made:
        packed = each.write(channel)
        rows = each.paths()
        for row in rows:
            place = prefix / row["_path"]
            place.parent.mkdir(parents=True, exist_ok=True)
            if row["path_type"] == "softlink":
                place.symlink_to(each.links[row["_path"]])
                continue
            data = _with_prefix(each.files[row["_path"]], str(prefix).encode(), row)
            place.write_bytes(data)
            place.chmod(0o755 if row["_path"] in each.executable else 0o644)
            row["sha256_in_prefix"] = hashlib.sha256(data).hexdigest()
        name = f"{each.stem}.tar.bz2"
        document = {
            **each.index(), "fn": name, "url": f"file://{channel}/{SUBDIR}/{name}",
            "channel": f"file://{channel}", "md5": hashlib.md5(packed).hexdigest(),
            "sha256": hashlib.sha256(packed).hexdigest(),
            "files": [row["_path"] for row in rows],
            "paths_data": {"paths_version": 1, "paths": rows},
            "link": {"source": "/nowhere/pkgs", "type": 1},
        }  # fmt: skip
        (meta / f"{each.stem}.json").write_text(json.dumps(document))
        history.append(f"+file://{channel}/{SUBDIR}::{each.stem}\n")
    (meta / "history").write_text("".join(history))


def _with_prefix(data: bytes, prefix: bytes, row: Mapping[str, Any]) -> bytes:
    if "prefix_placeholder" not in row:
        return data
    placeholder = PLACEHOLDER.encode()
    if row["file_mode"] == "text":
        return data.replace(placeholder, prefix)
    at = data.index(placeholder)
    end = data.index(b"\0", at)
    text = data[at:end].replace(placeholder, prefix)
    return data[:at] + text.ljust(end - at, b"\0") + data[end:]


def by_client(prefix: Path, channel: Path, made: Iterable[Made]) -> None:
    """Let the client of conda's Rust tools (pixi, rattler-build) index the channel and install."""
    import asyncio

    import rattler
    from rattler.index import index_fs

    for each in made:
        each.write(channel)
    (channel / "noarch").mkdir(exist_ok=True)

    async def work() -> None:
        await index_fs(channel)
        solved = await rattler.solve(
            [rattler.Channel(f"file://{channel}")], ["demo", "libblas", "python"],
            platforms=[SUBDIR, "noarch"],
        )  # fmt: skip
        await rattler.install(solved, prefix, show_progress=False,
                              cache_dir=channel.parent / "conda-cache")  # fmt: skip

    asyncio.run(work())
    shutil.rmtree(channel.parent / "conda-cache", ignore_errors=True)
