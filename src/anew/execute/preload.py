"""The C library that programs load first: where it lies, whether it works, what it needs."""

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from anew.probe import inject
from anew.trace.chunks import CHUNK, CHUNK_MARK, MARK_AT

FIRST_CHUNK = 4 << 20  # bytes of the chunk that is made with the spool
SMALL_CHUNK = 1 << 20  # where the disk is nearly full, or files may not be as large
_STEP = 1 << 18
VARIABLE = "LD_PRELOAD"
NONE = "none"  # value of ANEW_SHIM: do without
_LIBRARY = Path(__file__).parents[1] / "probe" / "native" / "libanew.so"
_PARTING = " :;"  # what the loader parts the list at: such a path cannot be in it
_TRIED = "preload-works"
_HEAD = 1 << 20  # bytes; the names of needed libraries stand in the first pages
_ELF64 = 2  # EI_CLASS
_MACHINES = {"x86_64": 62, "aarch64": 183}  # e_machine, from elf.h
_SANITIZERS = (b"libasan.so", b"libtsan.so")
# Run when an interpreter is about to start the program: it must neither fail nor leave a name. The
# first line names what stands for us in PYTHONPATH, which the interpreter need not come to see.
_BOOT = """#{folder}
exec({code!r}, {{"__name__": "_anew_boot", "__file__": {start!r}}})"""
# What `compiling` compiled is taken where it is there: to compile it takes 2 ms of each process.
_BOOT_CODE = """try:
 import marshal, posix, sys, _frozen_importlib_external as machinery
 place = posix.environ[b"ANEW_SPOOL"] + b"/code." + sys.implementation.cache_tag.encode()
 with open(place, "rb", 0) as file:
  head = file.read(8)
  size = int.from_bytes(head[4:], "little")
  index = marshal.loads(file.read(size)) if head[:4] == machinery.MAGIC_NUMBER else {}
  file.seek(8 + size + index["sitecustomize"][0])
  code = marshal.loads(file.read(index["sitecustomize"][1]))
except Exception:
 with open(__file__, "rb") as file:
  code = compile(file.read(), __file__, "exec")
exec(code)"""


def library(cache: Path) -> str | None:
    """Return the library to load first, None where there is none or it does not work here.

    Whether it works is tried once for each build and machine, and remembered in `cache`.
    """
    if os.environ.get("ANEW_SHIM") == NONE:
        return None
    try:
        status = os.stat(_LIBRARY)
    except OSError:
        return None
    name = f"{_LIBRARY}\n{status.st_mtime_ns}\n{status.st_size}\n{os.uname().release}\n"
    remembered = cache / _TRIED
    try:
        lines = remembered.read_text(encoding="utf-8", errors="surrogateescape")
        before, _, known = lines.rpartition("\n")
        if before + "\n" == name and (not known or os.path.exists(known)):
            return known or None
    except OSError:
        pass
    place = _without_spaces(status.st_size)
    if place is not None and not _works(place):
        place = None
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        remembered.write_text(name + (place or ""), encoding="utf-8", errors="surrogateescape")
    return place


def copies() -> Path:
    """Return the folder of copies for the loader, which takes no path with a space in it."""
    import tempfile  # noqa: PLC0415 - few need it

    return Path(tempfile.gettempdir()) / f"anew-{os.getuid()}"


def folders() -> tuple[str, ...]:
    """Return the folders beside the package that hold the library for the loader: mostly none."""
    return (str(copies()),) if _needs_copy() else ()


def _needs_copy() -> bool:
    return any(mark in str(_LIBRARY) for mark in _PARTING)


def _without_spaces(size: int) -> str | None:
    """Return a path of the library that the loader can take."""
    if not _needs_copy():
        return str(_LIBRARY)
    folder = copies()
    if any(mark in str(folder) for mark in _PARTING):
        return None
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = os.lstat(folder)
        if status.st_uid != os.getuid() or status.st_mode & 0o077:
            return None  # somebody else's: what lies there would be loaded into the program
        copy = folder / f"libanew-{size}-{os.stat(_LIBRARY).st_mtime_ns}.so"
        if not copy.exists():
            made = folder / f"new.{os.getpid()}"
            import shutil  # noqa: PLC0415 - once for a build

            shutil.copyfile(_LIBRARY, made)
            made.replace(copy)
    except OSError:
        return None
    return str(copy)


def _works(path: str) -> bool:
    """Say whether a program runs under the library, and nothing is said on its stderr."""
    import subprocess  # noqa: PLC0415 - once for a build and machine

    try:
        done = subprocess.run(
            ["true"], env={**os.environ, VARIABLE: path}, capture_output=True, check=False,
            timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0 and not done.stderr


def suits(program: str) -> bool:
    """Say whether a program can be started with the library in front, and stays what it is.

    One built for another machine would print the loader's complaint, and one built with an address
    sanitizer refuses to start; to one that is linked statically the library means nothing.
    """
    try:
        with open(program, "rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return True  # whoever starts it will say so
    if not head.startswith(b"\x7fELF"):
        return True  # a script: its interpreter is looked into by nobody, and is hardly ever such
    same = head[4] == _ELF64 and int.from_bytes(head[18:20], "little") == _MACHINES.get(
        os.uname().machine
    )
    return same and not any(name in head for name in _SANITIZERS)


def prepare(
    spool: Path, project: str, skipped: Iterable[str], start: str, *, mark: int = 0
) -> None:
    """Put into a spool what the library looks for.

    Args:
        spool: the spool of the run.
        project: absolute path of the project: nothing in it is passed over.
        skipped: folders, ending in `/`, whose files are not told when they are only read.
        start: the file of Python code that starts the recorder in an interpreter.
        mark: what the library gives its own system calls, where all are followed; 0: none are.

    Raises:
        OSError: there is no room.
    """
    folder = spool / "native"
    folder.mkdir(mode=0o700, exist_ok=True)
    texts = (project.rstrip("/") + "/", *skipped)
    (folder / "skip").write_bytes(b"".join(os.fsencode(text) + b"\0" for text in texts))
    own = inject.padded(os.path.dirname(start))
    text = _BOOT.format(folder=own, start=f"{own}/{os.path.basename(start)}", code=_BOOT_CODE)
    (folder / "boot").write_bytes(text.encode("utf-8", "surrogateescape"))
    descriptor = os.open(folder / "0", os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        size = _take_room(descriptor)
        os.pwrite(descriptor, CHUNK.pack(CHUNK_MARK, CHUNK.size, size, 0, 0), 0)
        os.pwrite(descriptor, mark.to_bytes(8, "little"), MARK_AT)
    finally:
        os.close(descriptor)


def _take_room(descriptor: int) -> int:
    """Take room for the first chunk, and less where there is no more; return how much.

    Raises:
        OSError: there is not even that.
    """
    try:
        os.posix_fallocate(descriptor, 0, FIRST_CHUNK)
        size = FIRST_CHUNK
    except OSError:
        os.ftruncate(descriptor, 0)
        os.posix_fallocate(descriptor, 0, SMALL_CHUNK)
        size = SMALL_CHUNK
    for at in range(0, size, _STEP):  # its pages lie ready then, clean: the run makes none
        os.pread(descriptor, _STEP, at)
    return size


def mark() -> int:
    """Return a number by which calls of our own library are known; nobody makes it by chance."""
    return int.from_bytes(os.urandom(8), "little") >> 2 | 1 << 61


def in_front(environ: Mapping[str, str], library_path: str) -> dict[str, str]:
    """Return `environ` with the library in front of what it loads first already."""
    theirs, own = environ.get(VARIABLE, ""), inject.padded(library_path)
    return {**environ, VARIABLE: f"{own}:{theirs}" if theirs else own}
