"""Seeds, threads and switches: what a run was given, and what a replay is given again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from anew.model.digest import digest_bytes
from anew.model.inputs import Seeds, Threads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from anew.facets.spool import Account

ROOT_BYTES = 16
HASH_SEEDS = 2**32
# The variable that sets how many threads a library uses, by the name the library goes by.
THREAD_VARIABLES = {
    "openmp": "OMP_NUM_THREADS",
    "openblas": "OPENBLAS_NUM_THREADS",
    "mkl": "MKL_NUM_THREADS",
    "blis": "BLIS_NUM_THREADS",
    "numexpr": "NUMEXPR_NUM_THREADS",
    "polars": "POLARS_MAX_THREADS",
    "veclib": "VECLIB_MAXIMUM_THREADS",
    "rayon": "RAYON_NUM_THREADS",
}


def new_root(entropy: bytes) -> str:
    """Return a root seed as 32 hexadecimal digits."""
    return entropy.hex()


def hash_seed(root: str) -> str:
    """Return what PYTHONHASHSEED is set to: derived from the root, 1 to 4294967295."""
    digest = digest_bytes(f"anew hash seed {root}".encode())
    return str(int(digest[3:19], 16) % (HASH_SEEDS - 1) + 1)


def thread_settings(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the variables that set thread counts, those that are set."""
    names = sorted({*THREAD_VARIABLES.values(), "OMP_DYNAMIC", "OMP_THREAD_LIMIT"})
    return tuple((name, environ[name]) for name in names if name in environ)


def cores() -> int:
    """Return how many cores a program started now would see."""
    return len(os.sched_getaffinity(0))


def observed(
    root: str | None,
    account: Account,
    hash_: str | None,
    epoch: str | None,
    *,
    fixed_addresses: bool,
) -> Seeds:
    """Return what the processes told of seeds and threads."""
    draws: dict[str, int] = {}
    threads: dict[str, Threads] = {}
    seen_cores = 0
    for process in account.processes:
        for kind, count in process.draws.items():
            draws[kind] = draws.get(kind, 0) + count
        for library, count, variable in process.threads:
            threads.setdefault(library, Threads(library, count, variable))
        seen_cores = max(seen_cores, process.cores)
    given = {(seed.function, seed.site, seed.count, seed.role): seed for seed in account.seeds}
    return Seeds(
        root,
        hash_,
        tuple(given[key] for key in sorted(given)),
        tuple(sorted(draws.items())),
        tuple(threads[name] for name in sorted(threads)),
        seen_cores,
        fixed_addresses,
        epoch,
    )


def pinned(threads: Iterable[Threads]) -> dict[str, str]:
    """Return the variables that give a replay the thread counts of the original."""
    result = {}
    for entry in threads:
        variable = entry.variable or THREAD_VARIABLES.get(entry.library)
        if variable is not None and entry.count > 0:
            result[variable] = str(entry.count)
    return result
