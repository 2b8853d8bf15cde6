"""JSON and JSON lines: each number and text by its pointer (RFC 6901)."""

import json
from collections.abc import Iterator

from anew.formats.digits import Parsed, parsed, whole
from anew.formats.protocol import MOST_TEXT, Source, Unreadable, check_size
from anew.model.reading import Leaf, Reading


def read_json(source: Source) -> Reading:
    """Read one document. A name that occurs twice in an object makes it unreadable."""
    check_size(len(source.data), MOST_TEXT)
    return Reading("JSON", _leaves(_document(source.data.decode()), ""))


def read_json_lines(source: Source) -> Reading:
    """Read a document a line; places begin with the number of the line, from 1."""
    check_size(len(source.data), MOST_TEXT)
    lines = source.data.decode().split("\n")
    documents = [(number, _document(line)) for number, line in enumerate(lines, 1) if line.strip()]
    if not documents:
        raise Unreadable("no line holds a document")
    blank = [str(number) for number, line in enumerate(lines, 1) if not line.strip()]
    return Reading("JSON lines", _of_lines(documents, Leaf("blank lines", ", ".join(blank))))


def _of_lines(documents: list[tuple[int, object]], blank: Leaf) -> Iterator[Leaf]:
    for number, document in documents:
        yield from _leaves(document, f"line {number} ")
    yield blank


def _document(text: str) -> object:
    return json.loads(text, object_pairs_hook=_once, parse_float=_float)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Unreadable("a name occurs twice in one object")
    return members


def _float(text: str) -> float | Parsed:
    found = parsed(text)
    if found is None:
        raise Unreadable("a number is too long")
    return found if found.digits else found.value


def _leaves(document: object, top: str) -> Iterator[Leaf]:
    """Yield what is no object and no list, names sorted, without recursion."""
    open_: list[Iterator[tuple[str, object]]] = [iter([(top, document)])]
    while open_:
        for place, value in open_[-1]:
            if isinstance(value, dict) and value:
                open_.append(_members(value, place))
                break
            if isinstance(value, list) and value:
                open_.append(_entries(value, place))
                break
            yield _leaf(place, value)
        else:
            open_.pop()


def _members(value: dict[str, object], place: str) -> Iterator[tuple[str, object]]:
    for name in sorted(value):
        escaped = name.replace("~", "~0").replace("/", "~1")
        yield f"{place}/{escaped}", value[name]


def _entries(value: list[object], place: str) -> Iterator[tuple[str, object]]:
    for position, entry in enumerate(value):
        yield f"{place}/{position}", entry


def _leaf(place: str, value: object) -> Leaf:
    if isinstance(value, str):
        return Leaf(place, json.dumps(value, ensure_ascii=False))
    if isinstance(value, Parsed):
        return Leaf(place, value.value, value.digits)
    if isinstance(value, float):
        return Leaf(place, value)
    if type(value) is int and (found := whole(value)):
        return Leaf(place, found.value, found.digits)
    return Leaf(place, json.dumps(value))
