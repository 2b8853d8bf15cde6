"""Writes the map of files in ARCHITECTURE.md from the first line of each docstring.

python3 tools/map.py
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "anew"
PAGE = ROOT / "ARCHITECTURE.md"
MARK = "## The map\n"


def main() -> int:
    """Replace all that follows the heading of the map."""
    lines: list[str] = []
    room = None
    for path in sorted(PACKAGE.rglob("*.py"), key=lambda path: (path.parent.as_posix(), path.name)):
        folder = path.parent.relative_to(PACKAGE).as_posix()
        if folder != room:
            lines += ["", f"### {'anew' if folder == '.' else folder}", ""]
            room = folder
        docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
        lines.append(f"- `{path.relative_to(PACKAGE).as_posix()}`: {docstring.splitlines()[0]}")
    head = PAGE.read_text().partition(MARK)[0]
    PAGE.write_text(head + MARK + "\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
