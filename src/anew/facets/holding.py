"""Decides how the bytes of a file are held, and holds them: by value, by reference, or not."""

import errno
import os

from msgspec import Struct, field

from anew.model.digest import Digest
from anew.model.errors import ChangedWhileRead
from anew.model.inputs import Kept
from anew.model.recipe import Keep
from anew.model.record import Gap
from anew.model.secrets import is_credential_file
from anew.model.tree import Stamp
from anew.store.local import LocalStore
from anew.store.protocol import Batch

LARGEST = 1 << 30  # bytes of one file by value
MOST = 10 << 30  # new bytes of one run
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)


class Limits(Struct, frozen=True):
    """What is kept by value: sizes in bytes, from `[store]` in anew.toml or the defaults."""

    largest: int = LARGEST
    most: int = MOST


class Held(Struct, frozen=True):
    """How the bytes of a file are held; `digest` is None where they could not be read."""

    digest: Digest | None
    kept: Kept


class Holder(Struct):
    """Holds files for one seal. Counts what was seen and held, and collects the gaps."""

    store: LocalStore
    batch: Batch
    keep: Keep = Keep.AUTO
    limits: Limits = field(default_factory=Limits)
    seen: int = 0
    held: int = 0
    added: int = 0
    full: bool = False  # the store could not take what it should
    gaps: list[Gap] = field(default_factory=list)

    def hold(
        self, aspect: str, shown: str, path: str, stamp: Stamp | None, *, always: bool = False
    ) -> Held:
        """Hold the file at `path`, named `shown` in messages, in the state `stamp`.

        With `always` it is code: kept by value whatever was asked for.
        """
        known = self.known(shown, stamp) if stamp is not None else None
        if known is not None:
            return Held(known, Kept.VALUE)
        self.seen += 1
        if is_credential_file(shown):
            self.gap(aspect, f"{shown} holds credentials", "it is never stored; a replay takes "
                     "the file that lies there")  # fmt: skip
            return Held(None, Kept.NO)
        size = stamp.size if stamp is not None else os.stat(path).st_size
        by_value, why = self._by_value(size, always=always)
        try:
            if by_value:
                digest = self.batch.add_file(path, stamp)
                self.added += size
            else:
                digest = self.store.fingerprint(path, stamp)
        except ChangedWhileRead:
            self.gap(aspect, f"{shown} changed before it could be kept",
                     "let nothing else write to it while the run goes on")  # fmt: skip
            return Held(None, Kept.NO)
        except OSError as error:
            self.full = self.full or error.errno in FULL
            self.gap(aspect, f"{shown} could not be read or kept: {error.strerror or error}",
                     "check permissions and space, then run again")  # fmt: skip
            return Held(None, Kept.NO)
        if by_value:
            self.held += 1
            return Held(digest, Kept.VALUE)
        if self.store.has_many((digest,)):
            self.held += 1
            return Held(digest, Kept.VALUE)
        self.held += 1
        if why:
            self.gap(aspect, f"{shown} is held by reference: {why}", "`anew keep RUN`")
        return Held(digest, Kept.REFERENCE)

    def known(self, shown: str, stamp: Stamp) -> Digest | None:
        """Return the digest of a file in that state if it is held already, and count it then."""
        digest = self.batch.known(stamp)
        if digest is None or is_credential_file(shown):
            return None
        self.seen += 1
        self.held += 1
        return digest

    def count(self, number: int) -> None:
        """Count items that are held already."""
        self.seen += number
        self.held += number

    def gap(self, aspect: str, what: str, remedy: str) -> None:
        """Note something that is not held."""
        self.gaps.append(Gap(aspect, what, remedy))

    def _by_value(self, size: int, *, always: bool) -> tuple[bool, str]:
        if self.keep is Keep.ALL:
            return self._space(size)
        if always:
            return True, ""
        if self.keep is Keep.NONE:
            return False, "asked for by --keep none"
        if size > self.limits.largest:
            return False, f"its {size:,} bytes are more than {self.limits.largest:,}"
        if self.added + size > self.limits.most:
            return False, f"the run already added {self.added:,} bytes"
        return self._space(size)

    def _space(self, size: int) -> tuple[bool, str]:
        if size < 1 << 20 and self.added < 1 << 26:
            return True, ""
        if self.store.free_space_allows(size):
            return True, ""
        self.full = True
        return False, "the file system is nearly full"
