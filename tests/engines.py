"""A real container engine with a storage of its own, and a small base image of this machine's files."""

import atexit
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("dev", "proc", "sys", "tmp", "root", "etc", "run", "home")
ETC = {"passwd": "root:x:0:0:root:/root:/bin/sh\n", "group": "root:x:0:\n",
       "os-release": 'PRETTY_NAME="Small 1"\n'}  # fmt: skip
UNUSED = ("test", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "site-packages",
          "__pycache__", "pydoc_data")  # fmt: skip
BASE = "localhost/small:1"


def engine(folder: Path) -> Path:
    """Make `podman` and `buildah` in a folder that keep their images below `folder`."""
    place = folder / "bin"
    place.mkdir(parents=True)
    run = tempfile.mkdtemp(prefix="engine-")  # podman takes no path of more than 50 characters
    atexit.register(shutil.rmtree, run, ignore_errors=True)
    for name in ("podman", "buildah"):
        real = shutil.which(name)
        if real is not None:
            script = place / name
            script.write_text(f"#!/bin/sh\nexec {real} --root {folder}/images"
                              f" --runroot {run} \"$@\"\n")  # fmt: skip
            script.chmod(0o755)
    return place


def why_not(bin_folder: Path) -> str:
    """Import the base image and try it; return why that does not work, empty where it does."""
    if not (bin_folder / "podman").exists():
        return "podman is not installed"
    if os.getuid() != 0:
        return "an image's files can be looked at by root only"
    rootfs = bin_folder.parent / "base.tar"
    make_base(rootfs)
    for words in (
        ["import", "-q", str(rootfs), BASE],
        ["run", "--rm", "--network=none", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024",
         BASE, "/bin/sh", "-c", "exit 0"],
    ):  # fmt: skip
        done = subprocess.run([bin_folder / "podman", *words], capture_output=True, text=True,
                              check=False, timeout=120)  # fmt: skip
        if done.returncode != 0:
            return f"podman {words[0]} does not work here: {done.stderr.strip()[-300:]}"
    return ""


def interpreter(place: Path) -> Path:
    """Copy this Python without what tests do not need; return its executable."""
    base = Path(sys.base_prefix)
    minor = f"python{sys.version_info.major}.{sys.version_info.minor}"
    shutil.copytree(base / "lib" / minor, place / "lib" / minor, symlinks=True,
                    ignore=shutil.ignore_patterns(*UNUSED, "config-*"))  # fmt: skip
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy2(library, place / "lib")
    (place / "bin").mkdir()
    shutil.copy2(os.path.realpath(sys.executable), place / "bin" / minor)
    (place / "bin" / "python3").symlink_to(minor)
    return place / "bin" / "python3"


def make_base(place: Path) -> None:
    """Write a root file system: a shell, and the libraries that a Python of this machine needs."""
    stdlib = Path(os.__file__).parent
    programs = [Path("/bin/sh"), Path("/usr/bin/env"), Path(os.path.realpath(sys.executable)),
                *sorted((stdlib / "lib-dynload").glob("*.so"))]  # fmt: skip
    done = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False)
    needed = set(re.findall(r"^\t(?:.* => )?(/.*) \(0x", done.stdout, re.MULTILINE))
    with tarfile.open(place, "w") as tar:
        for name in FOLDERS:
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(folder)
        for path in sorted({*needed, "/bin/sh", "/usr/bin/env"}):
            tar.add(os.path.realpath(path), path.lstrip("/"))
        for name, text in ETC.items():
            scratch = place.with_name(name)
            scratch.write_text(text)
            tar.add(scratch, f"etc/{name}")


def docker(folder: Path) -> Iterator[str]:
    """Start a Docker of its own that keeps all below `folder`; yield the address of its socket.

    Without an address there is none here, or it does not start.
    """
    address = f"unix://{folder}/socket"
    if shutil.which("dockerd") is None or shutil.which("docker") is None or os.getuid() != 0:
        yield ""
        return
    words = ["dockerd", f"--data-root={folder}/data", f"--exec-root={folder}/exec",
             f"--pidfile={folder}/pid", f"--host={address}", "--iptables=false", "--bridge=none",
             "--storage-driver=vfs"]  # fmt: skip
    with (folder / "log").open("wb") as log, subprocess.Popen(words, stdout=log, stderr=log) as own:
        try:
            yield address if _answers(address, own) else ""
        finally:
            own.terminate()


def _answers(address: str, daemon: subprocess.Popen[bytes]) -> bool:
    for _ in range(150):
        if daemon.poll() is not None:
            return False
        done = subprocess.run(["docker", "--host", address, "info"], capture_output=True,
                              check=False)  # fmt: skip
        if done.returncode == 0:
            return True
        time.sleep(0.1)
    return False
