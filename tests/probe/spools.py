"""Spool: a spool made as the launcher makes it, and interpreters run into it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from anew.probe import inject


class Spool:
    """A spool, a project folder beside it, and what was written to it."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.project = base / "project"
        self.project.mkdir()
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ANEW", "PYTHON"))
        }
        self.executable = sys.executable
        self.folder = base / "spool-none"
        self.begin()

    def begin(self, name: str = "spool", given: Sequence[list[Any]] = (), **settings: Any) -> None:
        """Make a new spool; what runs from now on writes to it."""
        self.folder = self.base / f"{name}-{len(list(self.base.iterdir()))}"
        self.folder.mkdir()
        for each in ("probe", "pins", "roles", "figures"):
            (self.folder / each).mkdir()
        lines = {"mode": "record", "root": "00ff", "project": str(self.project), **settings}
        text = "".join(f"{key}={value}\n" for key, value in lines.items())
        (self.folder / "settings").write_text(text)
        if given:
            (self.folder / "given.jsonl").write_text(
                "".join(json.dumps(line) + "\n" for line in given)
            )

    def run(self, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        environ = inject.variables(str(self.folder), "", options.pop("env", self.environ))
        options = {"cwd": self.project, "capture_output": True, "text": True, **options}
        return subprocess.run(
            [self.executable, *argv], env=environ, timeout=60, check=False, **options
        )

    def script(self, code: str, *argv: str, name: str = "script.py", **options: Any) -> str:
        """Run code as a script of the project, which must succeed and say nothing on stderr."""
        (self.project / name).write_text(code)
        done = self.run(name, *argv, **options)
        assert done.stderr == ""
        assert done.returncode == 0
        return str(done.stdout)

    def plain(self, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the same without us."""
        options = {"cwd": self.project, "capture_output": True, "text": True, **options}
        return subprocess.run(
            [self.executable, *argv],
            env=options.pop("env", self.environ),
            timeout=60,
            check=False,
            **options,
        )

    def lines(self, prefix: str) -> Iterator[list[Any]]:
        for path in sorted((self.folder / "probe").glob(prefix + "-*")):
            for line in path.read_bytes().splitlines():
                yield json.loads(line)

    def events(self, *kinds: str) -> list[list[Any]]:
        return sorted(
            (line for line in self.lines("events") if not kinds or line[0] in kinds),
            key=lambda e: e[1],
        )

    def points(self) -> list[list[Any]]:
        return list(self.lines("points"))

    def opened(self, *, short: bool = True) -> list[tuple[str, str]]:
        """Return name and mode of what was opened in the project but the script itself."""
        root = str(self.project) + "/"
        return [
            (event[2].removeprefix(root) if short else event[2], event[3])
            for event in self.events("open")
            if event[2].startswith(root) and event[3] != "m"
        ]

    def starts(self) -> list[dict[str, Any]]:
        return [event[2] for event in self.events("start")]

    def ends(self) -> list[dict[str, Any]]:
        return [event[2] for event in self.events("end")]

    def gaps(self) -> list[str]:
        return [event[3] for event in self.events("gap")]
