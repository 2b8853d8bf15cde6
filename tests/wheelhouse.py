"""Environments made for tests: small distributions, built here, installed by uv from a folder."""

import base64
import hashlib
import importlib.util
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

CLOCK = (2020, 1, 1, 0, 0, 0)
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")


def native(name: str) -> Path:
    """Return a compiled module of the standard library that is a file of its own."""
    found = importlib.util.find_spec(name)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin)


def wheel(
    folder: Path, name: str, version: str, files: Mapping[str, bytes], *, scripts: str = "",
    metadata: str = "",
) -> Path:  # fmt: skip
    """Build a wheel of `files`; `scripts` is the text of its entry points."""
    info = f"{name}-{version}.dist-info"
    content = dict(files)
    content[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}\n".encode()
    )
    content[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    if scripts:
        content[f"{info}/entry_points.txt"] = f"[console_scripts]\n{scripts}\n".encode()
    rows = []
    for path, data in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(data)}")
    content[f"{info}/RECORD"] = ("\n".join([*rows, f"{info}/RECORD,,"]) + "\n").encode()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as file:
        for path, data in content.items():
            file.writestr(zipfile.ZipInfo(path, CLOCK), data)
    return target


def demo(folder: Path, *, answer: int = 42, version: str = "1.0") -> Path:
    """Build `demo`: a module in Python, one in C, and a script."""
    files = {
        "demo/__init__.py": f"from demo import _heapq\nANSWER = {answer}\n".encode(),
        "demo/script.py": b"import sys\nfrom demo import ANSWER\n"
        b"def main():\n    print('demo', ANSWER, sys.prefix)\n",
        f"demo/_heapq{SUFFIX}": native("_heapq").read_bytes() + bytes(200_000),
        "demo/table.txt": b"1 2 3\n",
    }
    return wheel(folder, "demo", version, files, scripts="demo = demo.script:main")


def make(place: Path, *wheels: Path, python: str = sys.executable) -> Path:
    """Make a virtual environment at `place` with `wheels` in it; return its interpreter."""
    if python == sys.executable:
        venv.create(place, symlinks=True)
    else:
        subprocess.run([python, "-m", "venv", "--without-pip", place], check=True)
    executable = place / "bin" / "python"
    if wheels:
        install(executable, *wheels)
    return executable


def install(executable: Path, *wheels: Path) -> None:
    """Install wheels as a user does, without any network."""
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    subprocess.run(
        [uv, "pip", "install", "-q", "--offline", "--no-index", "--no-deps", "--no-cache",
         "--reinstall", "--compile-bytecode", "--link-mode", "copy", "--python", executable,
         *wheels],
        check=True,
    )  # fmt: skip


def site(place: Path) -> Path:
    """Return the folder of distributions of a virtual environment."""
    return next(place.glob("lib/python*/site-packages"))
