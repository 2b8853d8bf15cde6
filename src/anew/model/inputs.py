"""What decided the result: CodeState, Input, Environment, Configuration, Seeds."""

from enum import StrEnum

from msgspec import Struct

from anew.model.digest import Digest
from anew.model.tree import Listing


class Kept(StrEnum):
    """How the bytes of a file are held."""

    VALUE = "value"
    REFERENCE = "reference"
    NO = "no"


class Proof(StrEnum):
    """Why a digest is that of the bytes the program saw."""

    STAMP = "stamp"  # the file had the same stamp when the program opened it and when we read it
    PREIMAGE = "preimage"  # a copy was made before the first destructive act
    START = "start"  # it lay unchanged from before the start to after the end


class FileKind(StrEnum):
    """What a path was; `ABSENT` was asked for and not there."""

    FILE = "file"
    LINK = "link"
    FOLDER = "folder"
    STAT = "stat"
    ABSENT = "absent"


class CodeFile(Struct, frozen=True):
    """One file of code. `path` is relative to the project where inside it, else absolute.

    `used` says that the run was seen to use it; `source` is where we know it from.
    """

    path: str
    digest: Digest | None
    size: int
    kept: Kept
    executable: bool = False
    used: bool = False
    source: str = "untracked"  # git, untracked, outside, stdin, argument
    kind: FileKind = FileKind.FILE
    target: str | None = None  # of a symbolic link


class CodeState(Struct, frozen=True):
    """The source as it was at the start, committed or not.

    Both listings hold CodeFile, by path: `used` what the run was seen to use, which names the
    experiment; `files` that and what else belongs to the project.
    """

    used: Listing
    files: Listing
    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool = False
    changed_lines: int = 0
    diff: Digest | None = None  # `git diff HEAD`, as text
    submodules: tuple[tuple[str, str], ...] = ()  # (path, commit)


UNSEEN = "unseen"  # an input because it was changed in a way nobody saw
MET = "met"  # a program outside of the run made it so while the run went on
MADE_ANEW = "made anew"  # one that a library made for itself in a cache


class Input(Struct, frozen=True):
    """Data the run read. `digest` and `proof` come together or not at all; `size` in bytes.

    Of a FOLDER the digest names the JSON list of its entries' names, in the order of the bytes.
    """

    path: str
    kind: FileKind
    size: int
    kept: Kept
    digest: Digest | None = None
    proof: Proof | None = None
    role: str = "input"  # input, cache, stdin
    target: str | None = None  # of a symbolic link
    mode: int = 0o644
    modified: int = 0  # µs since 1970; put back with a file whose time may have been looked at
    written: bool = False  # the run also opened it to write to it
    nanos: int = 0  # ns beyond `modified`: JSON's numbers do not reach as far
    rule: str = ""  # what made it an input where it was not plainly read: UNSEEN, MET, MADE_ANEW

    @property
    def modified_ns(self) -> int:
        """When it was modified, in ns since 1970."""
        return self.modified * 1000 + self.nanos


class PatchedFile(Struct, frozen=True):
    """A file of a distribution that is not as the index published it, kept by value."""

    path: str  # relative to the folder the distribution lies in
    digest: Digest
    size: int
    executable: bool = False


class Package(Struct, frozen=True):
    """One installed distribution.

    `fingerprint` is over the paths and digests of its files as they really are, byte-compiled
    files and installer's notes left out. `origin` is `index`, `vcs`, `local`, `archive`,
    `editable` or `conda`; `url` says where from, credentials removed.
    """

    name: str
    version: str
    fingerprint: Digest | None
    origin: str = "index"
    url: str | None = None
    patched: tuple[PatchedFile, ...] = ()
    used: bool = False


class LooseFile(Struct, frozen=True):
    """A file in a folder of distributions that belongs to none of them, as a `.pth` put there.

    Its bytes are held where they are few, as those of a PatchedFile are.
    """

    path: str  # relative to `site`
    site: int  # which of the folders, in the order of the search path
    digest: Digest | None
    size: int
    kept: Kept = Kept.VALUE


class Library(Struct, frozen=True):
    """A shared library from outside the interpreter's environment that was loaded."""

    path: str
    digest: Digest | None
    size: int


class Interpreter(Struct, frozen=True):
    """The Python the experiment ran on, not Anew's own."""

    implementation: str
    version: str
    build: str
    executable: str
    prefix: str
    base_prefix: str
    platform: str


class Environment(Struct, frozen=True):
    """What was really installed and used. None of it where no Python took part.

    `digest` is over what decides results: version and build of the interpreter, and the
    distributions with their fingerprints and the files that belong to none. It leaves out where
    they lie.
    """

    digest: Digest
    manager: str  # system, venv, conda, uv
    interpreter: Interpreter | None = None
    packages: Listing | None = None  # Package, by name
    libraries: Listing | None = None  # Library, by path
    loose: Listing | None = None  # LooseFile, by path


class Variable(Struct, frozen=True):
    """An environment variable the run saw; `value` is None where it was redacted."""

    name: str
    value: str | None
    recipe: bool = False  # the user asked to treat it as part of the recipe, or Anew set it
    read: bool = False  # a program asked for it, and did not merely find it there


class Parameter(Struct, frozen=True):
    """A resolved parameter; `value` is JSON text, `source` what read it (argparse)."""

    name: str
    value: str
    source: str


class Streams(Struct, frozen=True):
    """Kinds of stdin, stdout and stderr: terminal, pipe, file, null, closed. Size in characters.

    `merged` says that stdout and stderr went to one and the same place.
    """

    stdin: str
    stdout: str
    stderr: str
    merged: bool = False
    term: str | None = None
    columns: int = 0
    lines: int = 0


class Configuration(Struct, frozen=True):
    """What configured the program beside its code and data."""

    parameters: tuple[Parameter, ...] = ()
    variables: Listing | None = None  # Variable, by name
    locale: str = ""
    timezone: str = ""
    umask: int = 0o022
    streams: Streams | None = None
    unset: tuple[str, ...] = ()  # variables that were asked for and not there


class GivenSeed(Struct, frozen=True):
    """A seed the program set itself: by which function, where, and the n-th time there."""

    function: str
    site: str
    count: int
    value: str
    role: str = ""


class Threads(Struct, frozen=True):
    """How many threads a numerical library had, and the variable that sets it."""

    library: str
    count: int
    variable: str | None = None


class Seeds(Struct, frozen=True):
    """The root seed as hex text, from which every hidden draw is derived; None with --no-seed."""

    root: str | None
    hash_seed: str | None = None
    given: tuple[GivenSeed, ...] = ()
    draws: tuple[tuple[str, int], ...] = ()  # (kind, how many were answered)
    threads: tuple[Threads, ...] = ()
    cores: int = 0  # that the program could see
    fixed_addresses: bool = False
    source_date_epoch: str | None = None
