"""Drives the product as a user does: the real command, a store and a cache of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("anew", deadline=None)  # no test is timed: machines are busy
settings.load_profile("anew")

ANEW = [sys.executable, "-m", "anew"]

# A shell without job control starts what it puts in the background with these ignored, and so
# would be what the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGQUIT) is signal.SIG_IGN:
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


@dataclass
class Anew:
    """The command line with a home of its own; `project` is where it is typed."""

    home: Path
    project: Path
    environ: dict[str, str] = field(default_factory=dict)

    def variables(self, **more: str) -> dict[str, str]:
        kept = ("PATH", "LANG", "LC_ALL", "TMPDIR", "PIP_FIND_LINKS", "PIP_CERT", "SSL_CERT_FILE")
        base = {name: os.environ[name] for name in kept if name in os.environ}
        here = Path(sys.executable).parent
        base["PATH"] = f"{here}:{base.get('PATH', os.defpath)}"
        base["HOME"] = str(self.home)
        return {**base, **self.environ, **more}

    def __call__(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run `anew WORDS…`; `check` is the exit code expected, None for any."""
        check = options.pop("check", 0)
        cwd = options.pop("cwd", self.project)
        environ = self.variables(**options.pop("environ", {}))
        options.setdefault("capture_output", True)
        options.setdefault("timeout", 120)
        if "input" not in options and "stdin" not in options:
            options["stdin"] = subprocess.DEVNULL
        done = subprocess.run(
            [*ANEW, *words], cwd=cwd, env=environ, text=True, errors="surrogateescape",
            check=False, **options,
        )  # fmt: skip
        if check is not None:
            assert done.returncode == check, f"{words}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Start `anew WORDS…` and return at once."""
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(
            [*ANEW, *words], cwd=self.project, env=self.variables(), text=True, **options
        )

    def json(self, *words: str, check: int | None = 0, **options: Any) -> dict[str, Any]:
        """Run a command with `--json` and return its document."""
        document: dict[str, Any] = json.loads(self(*words, "--json", check=check, **options).stdout)
        return document

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    @property
    def store(self) -> Path:
        return self.home / ".local" / "share" / "anew"


@pytest.fixture
def anew(tmp_path: Path) -> Anew:
    for name in ("home", "project"):
        (tmp_path / name).mkdir()
    return Anew(tmp_path / "home", tmp_path / "project")


@pytest.fixture
def make_anew(tmp_path: Path) -> Callable[[str], Anew]:
    def make(name: str) -> Anew:
        for part in (f"{name}-home", f"{name}-project"):
            (tmp_path / part).mkdir()
        return Anew(tmp_path / f"{name}-home", tmp_path / f"{name}-project")

    return make


NOBODY = 65534  # the user who may do least


def another_user(anew: Anew, *places: Path) -> dict[str, int]:
    """Return options that run Anew as one who is not root, who then owns `places` and the home."""
    if os.geteuid() != 0:
        return {}
    user = {"user": NOBODY, "group": NOBODY}
    for place in (anew.home, *places):
        os.chown(place, NOBODY, NOBODY)
    for folder in (anew.home.parent, *anew.home.parent.parents):
        if len(folder.parts) > 2:  # what lies above is anybody's
            folder.chmod(folder.stat().st_mode | 0o011)
    try:
        reach = [sys.executable, "-c", "import anew.cli.main"]
        subprocess.run(reach, check=True, capture_output=True, **user)
    except (PermissionError, subprocess.CalledProcessError):
        pytest.skip("another user may not read the interpreter of these tests")
    return user


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Keep bytes out of the names of tests: some hold a clock, and workers must agree on names."""
    return argname if isinstance(val, bytes) else None
