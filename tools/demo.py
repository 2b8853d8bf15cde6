"""Records a bundled experiment, deletes it, and replays it from the record alone.

    python3 tools/demo.py

Sets up a virtual environment in `.venv` first. The experiment, its data and the store lie in a
temporary folder, which is removed at the end.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import environments

EXAMPLE = environments.ROOT / "examples" / "outside_data"


def main() -> int:
    """Run the demonstration; return the exit code of the replay."""
    programs = environments.own(dev=False)
    with tempfile.TemporaryDirectory(prefix="anew-demo-") as name:
        folder = Path(name)
        project = folder / "sites"
        shutil.copytree(EXAMPLE, project)
        environ = {
            **os.environ,
            "PATH": f"{programs}:{os.environ.get('PATH', os.defpath)}",
            "ANEW_HOME": str(folder / "store"),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        step = Steps(project, environ)
        step("python make_data.py ../measurements")
        step("anew run summarise.py --data ../measurements")
        step("rm -r ../measurements ../sites/*")
        return step("anew replay @1")


class Steps:
    """Shows each command, then runs it."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._folder, self._environ = folder, environ

    def __call__(self, command: str) -> int:
        """Show `command`, run it, and return its exit code."""
        print(f"$ {command}", flush=True)
        done = subprocess.run(
            ["sh", "-c", command], cwd=self._folder, env=self._environ, check=False
        )
        print(flush=True)
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
