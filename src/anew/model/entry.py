"""Entry: one line of the ledger, chained to the one before."""

from msgspec import Struct

from anew.model.digest import Digest

RUN_OPENED = "run-opened"
RUN_SEALED = "run-sealed"
RUN_REMOVED = "run-removed"
RUN_KEPT = "run-kept"
ENVIRONMENT_ARCHIVED = "environment-archived"  # `text` is the digest of the environment
IMAGE_BUILT = "image-built"  # `text` is the digest of the environment, of the image, and its name
VERDICT_GIVEN = "verdict-given"
TRACK_ENTERED = "track-entered"
IN_A_CLEAN_ROOM = " in a clean room"  # follows the answer in the text of a verdict
NAMED = "named"
TAGGED = "tagged"
UNTAGGED = "untagged"
NOTED = "noted"


class Entry(Struct, frozen=True):
    """A fact about `subject`, when it was written and by whom, and what it follows.

    `body` names an object in the store, or is None; `text` holds what is short enough to stand
    here. `previous` is the digest of the entry before it in the same segment.
    """

    kind: str
    subject: str
    body: Digest | None
    text: str
    written_at: str
    writer: str
    previous: Digest | None
