"""Archive: the installed files of an environment, by digest; from it comes back what was there."""

from enum import StrEnum

from msgspec import Struct

from anew.model.digest import Digest
from anew.model.inputs import FileKind, Interpreter
from anew.model.tree import Listing

ARCHIVE_SCHEMA = "anew/environment-archive-1"


class Part(StrEnum):
    """What a tree of an archive is to the environment."""

    PREFIX = "prefix"  # a virtual environment, or a conda prefix, whole
    SITE = "site"  # a folder of distributions outside the prefix
    INTERPRETER = "interpreter"  # a Python that has a prefix of its own
    SOURCE = "source"  # where an editable distribution is developed
    LIBRARY = "library"  # a shared library from elsewhere


class ArchivedFile(Struct, frozen=True, omit_defaults=True):
    """One entry of a tree. `path` is relative to its top; `modified` in µs since 1970.

    The time is put back: byte-compiled files name that of their source. Those are held, as the
    object `held`, without the time `source_time` and the place of the tree, so that environments
    share them; `digest` is that of the file as it was.
    """

    path: str
    digest: Digest | None = None
    size: int = 0
    mode: int = 0o644
    modified: int = 0
    kind: FileKind = FileKind.FILE
    target: str | None = None  # of a symbolic link
    held: Digest | None = None
    source_time: int = 0  # s since 1970
    nanos: int = 0  # ns beyond `modified`: JSON's numbers do not reach as far

    @property
    def modified_ns(self) -> int:
        """When it was modified, in ns since 1970."""
        return self.modified * 1000 + self.nanos


class Tree(Struct, frozen=True):
    """A folder as it was, and where. `files` lists ArchivedFile, by path."""

    part: Part
    path: str
    files: Listing
    name: str = ""  # of the distribution, of a SOURCE
    left_out: tuple[str, ...] = ()  # credentials are never stored


class Archive(Struct, frozen=True):
    """All files of an environment. `environment` is the digest that runs recorded for it.

    `sites` are the folders that distributions are installed in, in the order of the search path.
    """

    schema: str
    environment: Digest
    interpreter: Interpreter
    sites: tuple[str, ...]
    trees: tuple[Tree, ...]
