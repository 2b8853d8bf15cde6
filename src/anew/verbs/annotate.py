"""annotate: name, tag and note a run. Each is an entry in the ledger; no record is touched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from anew.model.entry import NAMED, NOTED, TAGGED, UNTAGGED
from anew.model.errors import WrongUsage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anew.ledger.rows import RunRow
    from anew.verbs.workspace import Workspace

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)


def checked_name(name: str) -> str:
    """Return `name` if runs may be called so.

    Raises:
        WrongUsage: they may not.
    """
    if _NAME.fullmatch(name):
        return name
    raise WrongUsage(
        f"{name!r} is no name for a run",
        why="names begin with a letter or digit and hold letters, digits, `_`, `.` and `-`",
        hint="use a tag or a note for free text",
    )


def checked_tag(tag: str) -> str:
    """Return `key=value`, or a key alone, without space around the key.

    Raises:
        WrongUsage: it has no key.
    """
    key, equals, value = tag.partition("=")
    if not key.strip():
        raise WrongUsage(f"{tag!r} is no tag", hint="write key=value, or a key alone")
    return f"{key.strip()}{equals}{value}"


def name(workspace: Workspace, row: RunRow, new: str) -> None:
    """Call a run `new`; the empty text takes its name away."""
    workspace.ledger.append(NAMED, row.id, text=checked_name(new) if new else "")


def tag(workspace: Workspace, row: RunRow, tags: Sequence[str], removed: Sequence[str]) -> None:
    """Give a run `tags`, and take those with the keys `removed` away.

    Raises:
        WrongUsage: one is no tag, or the run has none of a key; nothing is changed then.
    """
    added = [checked_tag(each) for each in tags]
    held = dict(row.tags)
    for key in removed:
        if key not in held:
            there = ", ".join(held) or "no tags"
            raise WrongUsage(
                f"the run {row.id[:6]} has no tag {key!r}",
                why=f"it has {there}",
                hint="name one of its tags",
            )
    for key in removed:
        workspace.ledger.append(UNTAGGED, row.id, text=key)
    for each in added:
        workspace.ledger.append(TAGGED, row.id, text=each)


def note(workspace: Workspace, row: RunRow, text: str) -> None:
    """Add a note to a run.

    Raises:
        WrongUsage: it says nothing.
    """
    if not text.strip():
        raise WrongUsage("the note is empty", hint='write anew note RUN "what you saw"')
    workspace.ledger.append(NOTED, row.id, text=text)
