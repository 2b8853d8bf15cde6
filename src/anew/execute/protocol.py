"""Job and Exit: what is to be run, and how it ended."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from anew.model.inputs import Streams


class Mount(Struct, frozen=True):
    """A file or folder that is to be seen at another path, or there only to be read.

    With `around` what else lies at the target is still seen there, but for the names in `hidden`.
    """

    source: str
    target: str
    around: bool = False
    hidden: tuple[str, ...] = ()
    read_only: bool = False


class Job(Struct, frozen=True):
    """A command to run in a directory with exactly `variables`; what it says goes to `spool`.

    `streams` is None where the program takes over our own stdin, stdout and stderr; on a replay it
    names the kinds of streams to give it, and `stdin` the file its stdin is fed from.
    """

    argv: tuple[str, ...]
    directory: str
    variables: Mapping[str, str]
    spool: Path
    streams: Streams | None = None
    stdin: Path | None = None
    mounts: tuple[Mount, ...] = ()
    fixed_addresses: bool = True
    umask: int | None = None
    timeout: float | None = None  # seconds


class Exit(Struct, frozen=True):
    """How a job ended: by its own `code` or by a `signal`. Times in µs, memory in bytes.

    `failure` says why the program could not be started; `timed_out` that its time was over.
    `truncated` names the streams that could not be kept whole.
    """

    code: int | None
    signal: int | None = None
    duration: int = 0
    cpu_time: int = 0
    peak_memory: int = 0
    failure: str | None = None
    errno: int = 0
    timed_out: bool = False
    fixed_addresses: bool = False
    mounted: bool = False
    truncated: tuple[str, ...] = ()
    lingering: bool = False  # something the program started still held its streams


class Ended(Struct, frozen=True):
    """An exit, and whether the terminal was left in the middle of a line."""

    exit: Exit
    mid_line: bool = field(default=False)
