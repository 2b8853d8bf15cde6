"""SVG: line by line, without its date and the random names that Matplotlib draws."""

import re

from anew.formats.clocks import cut
from anew.formats.protocol import MOST_TEXT, Source, Unreadable, check_size
from anew.model.reading import Ignored, Lines, Reading

_DATE = (("<dc:date>", re.compile(r"(?<=<dc:date>)[^<]{0,80}(?=</dc:date>)")),)
_DRAWN = r"(?:[phm]|image|C[0-9a-f]_[0-9a-f]_)[0-9a-f]{10}"
_RANDOM = re.compile(rf'(?<=\bid="){_DRAWN}(?=")')
_NAME = re.compile(rf"(?<![\w-]){_DRAWN}(?![\w-])")


def read_svg(source: Source) -> Reading:
    """Read an SVG file; its random names are numbered in the order they are given out.

    Matplotlib draws the names of clip paths, markers, hatches and images (`backend_svg.py`,
    `_make_id`: ten hexadecimal digits of a salted SHA-256) unless `svg.hashsalt` is set.
    """
    check_size(len(source.data), MOST_TEXT)
    text = source.data.decode()
    if "<svg" not in text[: 1 << 14]:
        raise Unreadable("it is no SVG")
    text, ignored = cut(text, _DATE, "")
    names = list(dict.fromkeys(_RANDOM.findall(text)))
    if names and "matplotlib" in text[: 1 << 12].lower():
        numbers = {name: f"{name[0]}-random-{number}" for number, name in enumerate(names)}
        text = _NAME.sub(lambda found: numbers.get(found.group(), found.group()), text)
        ignored += (Ignored("random names of Matplotlib", " ".join(names)),)
    return Reading("SVG", (Lines("", text),), ignored)
