"""Record: what happened once, sealed when the run ends; Outcome, Coverage, Status."""

from base64 import b32encode

from msgspec import Struct

from anew.model.circumstances import Circumstances
from anew.model.connections import Connection
from anew.model.digest import Digest
from anew.model.inputs import FileKind, Kept
from anew.model.processes import Processes
from anew.model.recipe import Recipe, Trace, Track
from anew.model.status import SHORT_ID as SHORT_ID  # of a record, though lists need no more of it
from anew.model.status import Status as Status
from anew.model.tree import Listing

ID_BYTES = 16
ID_LENGTH = 26
RECORD_SCHEMA = "anew/record-1"


def new_run_id(entropy: bytes) -> str:
    """Return `ID_BYTES` random bytes as an id in lower-case base32, 26 characters.

    >>> new_run_id(bytes(16))
    'aaaaaaaaaaaaaaaaaaaaaaaaaa'
    """
    return b32encode(entropy).decode().rstrip("=").lower()


class Output(Struct, frozen=True):
    """A file or link that exists at the end and was written by the run."""

    path: str
    digest: Digest | None
    size: int
    kept: Kept
    kind: FileKind = FileKind.FILE
    target: str | None = None
    executable: bool = False
    role: str = "output"  # output, figure, artifact


class Stream(Struct, frozen=True):
    """What the program wrote to `stdout` or `stderr`; to `console` where both were one."""

    name: str
    digest: Digest | None
    size: int
    kept: Kept


class Outcome(Struct, frozen=True):
    """What a run produced. `exit_code` and `signal` are None where nobody saw them. Times in µs.

    `folders` are those outside the project that the run itself made, removed or renamed.
    """

    status: Status
    exit_code: int | None
    signal: int | None
    duration: int
    cpu_time: int
    peak_memory: int  # bytes, of the largest process
    metrics: Listing  # Metric, by name
    outputs: Listing  # Output, by path
    console: tuple[Stream, ...] = ()
    deleted: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


class Gap(Struct, frozen=True):
    """Something the record could not hold, and what the user can do about it."""

    aspect: str
    what: str
    remedy: str


class Aside(Struct, frozen=True):
    """Files that programs used and a rule sets aside: how many, and the first of them."""

    rule: str
    role: str
    says: str
    count: int
    examples: tuple[str, ...] = ()


class Coverage(Struct, frozen=True):
    """How many of the items seen are held by value or verified reference, and each gap."""

    held: int
    seen: int
    gaps: tuple[Gap, ...] = ()
    aside: tuple[Aside, ...] = ()  # those that were told of: of most a program looks at, none is
    connections: tuple[Connection, ...] = ()
    trace: Trace = Trace.AUTO  # how the programs were followed

    @property
    def percent(self) -> int:
        """Items held of those seen, rounded down; below 100 with any gap."""
        whole = 100 if not self.seen else 100 * self.held // self.seen
        return min(whole, 99) if self.gaps else whole


class Sealing(Struct, frozen=True):
    """How many bytes of files were read to know them: at the seal, and beside the program."""

    hashed: int = 0
    beside: int = 0


class Record(Struct, frozen=True):
    """One run: what decided it, where it ran, what came out, and the run it repeats, if any."""

    schema: str
    id: str
    project: str  # absolute path, as the user knows it
    track: Track
    recipe: Recipe
    circumstances: Circumstances
    outcome: Outcome
    coverage: Coverage
    command: tuple[str, ...]  # as typed, secrets redacted
    replay_of: str | None = None
    counterfactual: tuple[str, ...] = ()
    processes: Processes | None = None
    sealing: Sealing = Sealing()
