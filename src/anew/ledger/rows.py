"""Rows: what the index knows of a run, and who tells it."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from msgspec import Struct

from anew.model.digest import Digest
from anew.model.status import Status


class MetricRow(NamedTuple):
    """A metric of so many points, its values as text so that NaN and infinities survive."""

    name: str
    points: int
    last: str
    min: str
    max: str


class ParameterRow(Struct, frozen=True):
    """A parameter; `value` is JSON text."""

    name: str
    value: str


class FileRow(Struct, frozen=True):
    """A file of a listing."""

    path: str
    digest: Digest


class FileList(Struct, frozen=True):
    """The files of one kind (code, input, output) by their listing, read only if it is new."""

    kind: str
    listing: Digest
    read: Callable[[], Iterable[FileRow]]


class RunRow(Struct, frozen=True):
    """A run, as it is searched and listed. Times in µs, sizes in bytes.

    `name`, `tags`, `notes` and `track` of a row on its way in are those given at the start. A row
    that is found has them as they stand now, and neither `parameters` nor `files`.
    """

    id: str
    project: str
    status: Status
    command: str
    started_at: str
    track: str = ""
    duration: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    replay_of: str | None = None
    commit: str | None = None
    recipe: Digest | None = None
    exact: Digest | None = None
    input_size: int = 0
    output_size: int = 0
    counterfactual: str = ""  # what a replay changed on purpose
    request: Digest | None = None
    record: Digest | None = None
    name: str | None = None
    verdict: str | None = None
    verdict_body: Digest | None = None
    verdict_at: str | None = None
    verdict_isolated: bool = False
    tags: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    metrics: tuple[MetricRow, ...] = ()
    parameters: tuple[ParameterRow, ...] = ()
    files: tuple[FileList, ...] = ()


class VerdictRow(Struct, frozen=True):
    """A verdict on a run: by which replay, if it came to one, and when. `body` names the whole."""

    replay: str | None
    answer: str
    body: Digest | None
    given_at: str
    counterfactual: str = ""
    isolated: bool = False  # the replay saw nothing but the record


class Describer(Protocol):
    """Tells the index what entries' bodies hold.

    Each may raise MissingObject or DamagedObject; the index then knows of the run little more
    than its id.
    """

    def opened(self, run: str, request: Digest) -> RunRow:
        """Return the row of a run that was opened with `request`."""
        ...

    def sealed(self, run: str, record: Digest) -> RunRow:
        """Return the row of a run that was sealed as `record`."""
        ...

    def verdict(self, body: Digest) -> str:
        """Return the answer of a verdict."""
        ...
