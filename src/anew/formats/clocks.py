"""Clocks and names of tools that a file stores: cut out, and said."""

import re
from collections.abc import Iterable
from typing import AnyStr

from anew.model.reading import Ignored


def cut(
    content: AnyStr, patterns: Iterable[tuple[str, re.Pattern[AnyStr]]], put: AnyStr
) -> tuple[AnyStr, tuple[Ignored, ...]]:
    """Replace each match of `patterns` by `put`; return what is left, and what was cut out."""
    ignored = []
    for name, pattern in patterns:
        ignored += [Ignored(name, repr(found.group()[:200])) for found in pattern.finditer(content)]
        content = pattern.sub(put, content)
    return content, tuple(ignored)
