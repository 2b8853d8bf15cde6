"""Jupyter notebooks: JSON, without the times at which cells were executed."""

import re

from anew.formats.json_numbers import read_json
from anew.formats.protocol import Source
from anew.model.reading import Ignored, Leaf, Part, Reading

# Where papermill and JupyterLab (`execution`, nbclient) note when a cell began and ended.
_TIMES = re.compile(
    r"(?:/cells/\d+)?/metadata/(?:papermill/(?:duration|start_time|end_time)|execution/[^/]+)"
)


def read_notebook(source: Source) -> Reading:
    """Read a notebook as JSON; the times of its cells are ignored openly."""
    parts: list[Part] = []
    ignored: list[Ignored] = []
    for part in read_json(source).parts:
        if isinstance(part, Leaf) and _TIMES.fullmatch(part.place):
            ignored.append(Ignored("times of cells", part.digits or str(part.value)))
        else:
            parts.append(part)
    return Reading("notebook", tuple(parts), tuple(ignored))
