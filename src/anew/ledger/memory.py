"""MemoryLedger: a ledger that is gone with its process, for tests."""

from collections.abc import Callable, Iterator

from anew.model.canonical import digest_of
from anew.model.digest import Digest
from anew.model.entry import Entry


class MemoryLedger:
    """Keeps entries in a list."""

    def __init__(self, writer: str, now: Callable[[], str]) -> None:
        self._writer, self._now = writer, now
        self._entries: list[Entry] = []

    def append(
        self, kind: str, subject: str, *, body: Digest | None = None, text: str = ""
    ) -> Entry:
        """Add a fact about `subject`."""
        previous = digest_of(self._entries[-1]) if self._entries else None
        entry = Entry(kind, subject, body, text, self._now(), self._writer, previous)
        self._entries.append(entry)
        return entry

    def entries(self) -> Iterator[Entry]:
        """Yield all entries in their order."""
        return iter(tuple(self._entries))

    def head(self) -> Digest:
        """Return the digest that names the whole history as it stands."""
        return digest_of(self._entries[-1] if self._entries else None)
