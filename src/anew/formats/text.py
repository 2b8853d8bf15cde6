"""Text of no known format: read as lines."""

from anew.formats.protocol import MOST_TEXT, Source, Unreadable, check_size
from anew.model.reading import Lines, Reading

LOGS = frozenset({".log", ".out", ".err"})


def read_text(source: Source) -> Reading:
    """Read UTF-8 text without control bytes; clocks may be masked in a log only."""
    if b"\0" in source.data[: 1 << 16]:
        raise Unreadable("it is no text")
    check_size(len(source.data), MOST_TEXT)
    text = source.data.decode()
    if "\0" in text:
        raise Unreadable("it is no text")
    return Reading("text", (Lines("", text, volatile=source.suffix in LOGS),))
