"""Rank: which of the processes of a distributed program this is, as its launcher told it."""

from __future__ import annotations

import posix

# torchrun, accelerate and others; Open MPI; MPICH and Intel MPI; Slurm: each with the number of all
RANKS = ((b"RANK", b"WORLD_SIZE"), (b"OMPI_COMM_WORLD_RANK", b"OMPI_COMM_WORLD_SIZE"),
         (b"PMI_RANK", b"PMI_SIZE"), (b"SLURM_PROCID", b"SLURM_NTASKS"))  # fmt: skip


def rank() -> int | None:
    """Return the rank of this process; None where it has none."""
    environ = posix.environ
    for name, size in RANKS:
        value = environ.get(name, b"")
        if value.isdigit() and environ.get(size, b"").isdigit():
            return int(value)
    return None
