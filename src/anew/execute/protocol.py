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


class Container(Struct, frozen=True):
    """A container that a job runs in, by `engine`, from `image`, as `user` and `group`.

    `interpreter` is a Python of the image, which starts the program by the script `first`.
    """

    engine: str
    image: str
    name: str
    user: int
    group: int
    interpreter: str
    first: str
    host: str = ""
    shared_memory: int = 0  # bytes of /dev/shm


class Isolation(Struct, frozen=True):
    """How a job is shut in: nothing is seen but its mounts and what stands here.

    Attributes:
        user: number that its processes run under, as they see it; so `group`.
        host: name of the machine, as they see it; empty for ours.
        lent: what is seen of this machine, to be read only.
        links: symbolic links to be made, with where they lead.
        texts: small files to be made, with what they hold.
        fixed: paths of the room that are to be read only.
        devices: what of /dev is seen beside what every program needs.
        memory: most memory to be used, in bytes.
        cores: most cores to be used.
        program: path of bubblewrap where that is to make the room; empty where we do it.
        container: what makes the room instead, from an image.
    """

    user: int
    group: int
    host: str = ""
    lent: tuple[Mount, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    fixed: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    memory: int | None = None
    cores: int | None = None
    program: str = ""
    container: Container | None = None


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
    isolation: Isolation | None = None
    fixed_addresses: bool = True
    umask: int | None = None
    timeout: float | None = None  # seconds
    follow: bool = False  # every system call that touches files, from outside
    preloaded: str = ""  # the library that its programs load first


class Exit(Struct, frozen=True):
    """How a job ended: by its own `code` or by a `signal`. Times in µs, memory in bytes.

    `failure` says why the program could not be started, `roomless` that no clean room could be
    made for it; `timed_out` that its time was over.
    `truncated` names the streams that could not be kept whole.
    """

    code: int | None
    signal: int | None = None
    duration: int = 0
    cpu_time: int = 0
    peak_memory: int = 0
    failure: str | None = None
    errno: int = 0
    roomless: bool = False
    timed_out: bool = False
    fixed_addresses: bool = False
    mounted: bool = False
    isolated: str = ""  # by what: namespaces, podman
    limited: tuple[str, ...] = ()  # by what memory and cores were limited, in words
    truncated: tuple[str, ...] = ()
    lingering: bool = False  # something the program started still held its streams
    unfollowed: str = ""  # why its system calls could not be followed, where they were to be
    left: tuple[str, ...] = ()  # names of processes that went on after it, longer than we waited


class Ended(Struct, frozen=True):
    """An exit, and whether the terminal was left in the middle of a line."""

    exit: Exit
    mid_line: bool = field(default=False)
