"""How many threads the numerical libraries have, and how many cores the program sees."""

from __future__ import annotations

import os
import posix
import sys
from _thread import get_ident

from . import imports, journal, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .foreign import Foreign

# part of a file's name, library, functions that tell the count (the first there is), variable
_NATIVE = (
    ("openblas", "openblas", ("scipy_openblas_get_num_threads64_", "scipy_openblas_get_num_threads",
     "openblas_get_num_threads64_", "openblas_get_num_threads"), "OPENBLAS_NUM_THREADS"),
    ("libmkl_rt", "mkl", ("MKL_Get_Max_Threads",), "MKL_NUM_THREADS"),
    ("libblis", "blis", ("bli_thread_get_num_threads",), "BLIS_NUM_THREADS"),
    ("libgomp", "openmp", ("omp_get_max_threads",), "OMP_NUM_THREADS"),
    ("libomp", "openmp", ("omp_get_max_threads",), "OMP_NUM_THREADS"),
    ("libiomp", "openmp", ("omp_get_max_threads",), "OMP_NUM_THREADS"),
)  # fmt: skip


def loaded() -> list[str]:
    """Return the shared libraries that are loaded."""
    me = get_ident()
    journal.busy.add(me)
    data = b""
    try:
        descriptor = posix.open("/proc/self/maps", posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            while True:
                part = posix.read(descriptor, 1 << 20)
                if not part:
                    break
                data += part
        finally:
            posix.close(descriptor)
    except OSError:
        return []
    finally:
        journal.busy.discard(me)
    found: dict[str, None] = {}
    for line in data.split(b"\n"):
        start = line.find(b"/")
        if start > 0 and b".so" in line[start:] and not line.endswith(b" (deleted)"):
            found[line[start:].decode("utf-8", "surrogateescape")] = None
    return list(found)


def counts(libraries: list[str]) -> list[list[object]]:
    """Return [library, count, variable] for what is loaded; nothing new is loaded for it."""
    found: dict[str, list[object]] = {}
    native = [path for path in libraries if _entry(path) is not None]
    if native:
        me = get_ident()
        journal.busy.add(me)
        try:
            for path in native:
                _ask(path, found)
        except (ImportError, OSError):
            pass
        finally:
            journal.busy.discard(me)
    for name, function, variable in (
        ("torch", "get_num_threads", None),
        ("numexpr", "get_num_threads", "NUMEXPR_NUM_THREADS"),
        ("polars", "thread_pool_size", "POLARS_MAX_THREADS"),
    ):
        count = _told(sys.modules.get(name), function)
        if count:
            found[name] = [name, count, variable]
    return list(found.values())


def _entry(path: str) -> Foreign:
    name = path.rpartition("/")[2]
    for entry in _NATIVE:
        if entry[0] in name:
            return entry
    return None


def _ask(path: str, found: dict[str, list[object]]) -> None:
    import ctypes

    _, library, functions, variable = _entry(path)
    handle = ctypes.CDLL(path, mode=getattr(os, "RTLD_NOLOAD", 4) | getattr(os, "RTLD_LAZY", 1))
    for name in functions:
        function = getattr(handle, name, None)
        if function is not None:
            function.restype = ctypes.c_int
            found[library] = [library, int(function()), variable]
            return


def _told(module: Foreign, name: str) -> int:
    try:
        return int(getattr(module, name)()) if module is not None else 0
    except Exception:
        return 0


def begin() -> None:
    """Let the program see as many cores as the settings say."""
    cores = state.integer("cores", 0)
    if cores <= 0:
        return
    for name in ("cpu_count", "process_cpu_count"):
        if hasattr(os, name):
            _see(name, lambda _original: lambda: cores)

    def narrowed(original: Foreign) -> Foreign:
        def sched_getaffinity(pid: int, /) -> set[int]:
            real: set[int] = original(pid)
            seen = sorted(real)[:cores]
            number = 0
            while len(seen) < cores:
                if number not in real:
                    seen.append(number)
                number += 1
            return set(seen)

        return sched_getaffinity

    if hasattr(os, "sched_getaffinity"):
        _see("sched_getaffinity", narrowed)


def _see(name: str, make: Callable[[Foreign], Foreign]) -> None:
    old = getattr(os, name)
    imports.wrap(os, name, make)
    imports.replace(old, getattr(os, name), "posix")
