"""Tries every way, prints the table: `python -m tests.conformance [--summary] [--full] [NAME …]`."""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.conformance.families import WAYS
from tests.conformance.runner import FULL, Result, Tried, tried
from tests.conftest import Anew


def main() -> int:
    """Try the ways whose titles hold one of the words given, or all; return 1 if one was missed."""
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    chosen = [way for way in WAYS if not words or any(word in way.title for word in words)]
    options = [FULL] if "--full" in sys.argv else []
    found: list[Tried] = []
    with tempfile.TemporaryDirectory(prefix="conformance-") as place:
        home = Path(place) / "home"
        home.mkdir()
        for number, way in enumerate(chosen):
            done = tried(way, Anew(home, Path(place)), Path(place) / str(number), *options)
            found.append(done)
            if "--summary" not in sys.argv:
                line = f"{done.result:8}{way.title}" + f"  ({done.why})" * bool(done.why)
                print(line, flush=True)  # noqa: T201
    print("\n".join(summary(found)))  # noqa: T201
    return int(any(each.result is Result.MISSED for each in found))


def summary(found: list[Tried]) -> list[str]:
    """Return the table by family, as Markdown."""
    families = dict.fromkeys(each.way.family for each in found)
    lines = ["| family | " + " | ".join(Result) + " |", "|---|" + "---|" * len(Result)]
    for name in (*families, "all"):
        counts = Counter(each.result for each in found if name in (each.way.family, "all"))
        lines.append(f"| {name} | " + " | ".join(str(counts[result]) for result in Result) + " |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
