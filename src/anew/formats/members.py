"""Members of an archive: each read by its own reader, else by its digest."""

from collections.abc import Iterator
from dataclasses import replace

from anew.formats.protocol import Source, TooLarge
from anew.model.reading import Blob, Ignored, Leaf, Part, Reading, Unread, blob


def read_member(source: Source, name: str, data: bytes) -> Reading:
    """Return what the member `name` holds, its places after its name.

    Raises:
        TooLarge: its reader found it too large.
    """
    found = source.inside(source.member(name, data))
    if isinstance(found, Unread):
        raise TooLarge(found.why)
    if found is None:
        return Reading("", (blob(name, data),))
    format_ = Leaf(name, found.format)
    ignored = tuple(Ignored(each.name, f"{name}: {each.value}") for each in found.ignored)
    return Reading(found.format, _placed(name, format_, found), ignored)


def _placed(name: str, format_: Leaf, reading: Reading) -> Iterator[Part]:
    yield format_
    for part in reading.parts:
        place = f"{name}: {part.place}" if part.place else name
        if isinstance(part, Leaf | Blob):
            yield part._replace(place=place)
        else:
            yield replace(part, place=place)
