"""What is done at which audit event: they come from our C library, or from a hook in Python."""

from __future__ import annotations

from . import journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .foreign import Foreign

    Arguments = tuple[Foreign, ...]

table: dict[str, Callable[[Arguments], None]] = {}


def act(event: str, args: Arguments) -> None:
    """Do what is to be done at an event that our C library hands on; no fault of ours is heard."""
    found = table.get(event)
    if found is not None:
        try:
            if journal.path and not (journal.busy and journal.quiet()):
                found(args)
        except Exception as error:
            if not journal.is_ours(error):
                raise
            journal.fault(event, error)
