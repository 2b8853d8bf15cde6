"""sizes: how much of the store each run takes, and how much is needed by it alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anew.verbs.archives import archives
from anew.verbs.find import indexed
from anew.verbs.objects import Walk

if TYPE_CHECKING:
    from collections.abc import Collection

    from anew.model.digest import Digest
    from anew.verbs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes on disk: all that a run's record names, and what no other run names."""

    stored: int
    alone: int


def sizes(workspace: Workspace, runs: Collection[str]) -> dict[str, Sizes]:
    """Return the sizes of `runs`, compared with all runs of the store."""
    walk = Walk(workspace.store)
    archived = archives(workspace)
    named: dict[str, set[Digest]] = {}
    users: Counter[Digest] = Counter()
    with indexed(workspace) as index:
        rows = index.find()
    for row in rows:
        digests = {row.request} if row.request is not None else set()
        if row.record is not None:
            digests |= {each.digest for each in walk.record(row.record)}
            environment = walk.environments.get(row.record)
            for archive in archived.get(environment, ()) if environment else ():
                digests |= {each.digest for each in walk.archive(archive)}
        users.update(digests)
        if row.id in runs:
            named[row.id] = digests
    on_disk = workspace.store.size_on_disk
    return {
        run: Sizes(on_disk(digests), on_disk(each for each in digests if users[each] == 1))
        for run, digests in named.items()
    }
