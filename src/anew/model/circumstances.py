"""What cannot be put back: hardware, place, time. They explain a difference; they name nothing."""

from msgspec import Struct

from anew.model.digest import Digest


class Accelerator(Struct, frozen=True):
    """One GPU or other accelerator. `memory` in bytes."""

    name: str
    memory: int = 0
    driver: str = ""


class Circumstances(Struct, frozen=True):
    """Where and when a run took place. Never in a recipe's digest. Times in UTC, sizes in B."""

    host: str
    user: str
    started_at: str
    system: str
    kernel: str
    machine: str
    cpu: str
    cpu_flags: Digest | None = None  # of the sorted flags, one text
    cores: int = 0
    affinity: int = 0
    memory: int = 0
    memory_limit: int | None = None
    accelerators: tuple[Accelerator, ...] = ()
    cuda: str | None = None
    cudnn: str | None = None
    container: str | None = None
    libc: str = ""
    anew: str = ""
    user_id: int | None = None
    group_id: int | None = None
    cpu_features: tuple[str, ...] = ()  # those that decide which code libraries run
