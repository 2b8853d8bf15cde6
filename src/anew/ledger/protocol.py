"""Ledger: append, entries, head."""

from collections.abc import Iterator
from typing import Protocol

from anew.model.digest import Digest
from anew.model.entry import Entry


class Ledger(Protocol):
    """An append-only history. There is no edit and no delete."""

    def append(
        self, kind: str, subject: str, *, body: Digest | None = None, text: str = ""
    ) -> Entry:
        """Add a fact about `subject`, chained to the head of this writer's segment, durably."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Yield all entries of all segments, by time of writing, each segment in its order."""
        ...

    def head(self) -> Digest:
        """Return the digest that names the whole history as it stands."""
        ...
