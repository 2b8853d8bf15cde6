"""Builds the recorder's C libraries where there is a compiler; without, the wheel is pure Python.

`ANEW_SHIM=none` leaves it out, `ANEW_SHIM=require` refuses to build without it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = "src/anew"
LIBRARIES = {
    "probe/native/shim.c": "probe/native/libanew.so",  # what programs load first
    "probe/native/follow.c": "probe/native/libfollow.so",  # follows those that can load nothing
    "facets/states.c": "facets/libstates.so",  # looks at the many files of an environment
}
FLAGS = ("-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-w", "-s", "-Wl,-z,nodelete")
# Less to map for every program that starts; zig's linker does not know all of it.
LEAN = ("-Wl,-z,noseparate-code", "-Wl,-z,norelro")
MACHINES = ("x86_64", "aarch64")


class Shim(BuildHookInterface):  # type: ignore[type-arg, misc]
    """Compiles the libraries into the package before it is packed."""

    def dependencies(self) -> list[str]:
        """Ask for a compiler as a package where none is installed."""
        return ["ziglang>=0.13"] if _is_wanted() and _compiler() is None else []

    def initialize(self, version: str, build_data: dict[str, object]) -> None:  # noqa: ARG002
        """Compile; `version` is `standard` or `editable`."""
        if self.target_name != "wheel" or not _is_wanted():
            return
        folder = Path(self.root) / FOLDER
        built = []
        for source, library in LIBRARIES.items():
            problem = _compile(folder / source, folder / library)
            if not problem:
                built.append(library)
                continue
            (folder / library).unlink(missing_ok=True)
            if os.environ.get("ANEW_SHIM") == "require":
                raise RuntimeError(f"cannot build {FOLDER}/{source}: {problem}")
            self.app.display_warning(f"Anew is built without {library}: {problem}")
        if not built:
            return
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"
        for library in built:
            build_data["artifacts"].append(f"{FOLDER}/{library}")  # type: ignore[attr-defined]


def _is_wanted() -> bool:
    if os.environ.get("ANEW_SHIM") == "none":
        return False
    return sys.platform == "linux" and os.uname().machine in MACHINES


def _compiler() -> list[str] | None:
    for name in (os.environ.get("CC"), "cc", "gcc", "clang"):
        if name and shutil.which(name):
            return [name]
    return None


def _compile(source: Path, library: Path) -> str:
    """Return what went wrong; nothing where the library was made."""
    compiler, flags = _compiler(), (*FLAGS, *LEAN)
    if compiler is None:
        flags = FLAGS
        target = f"{os.uname().machine}-linux-gnu.2.17"
        compiler = [sys.executable, "-m", "ziglang", "cc", "-target", target]
    made = library.with_suffix(".new")
    try:
        done = subprocess.run(
            [*compiler, *flags, "-o", str(made), str(source), "-ldl", "-lpthread"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError as error:
        return str(error)
    if done.returncode:
        made.unlink(missing_ok=True)
        return (done.stderr.strip().splitlines() or ["the compiler failed"])[0]
    made.replace(library)  # a program that has the old one loaded keeps it
    return ""
