"""Bringing back: an environment of 1.4 GB from its archive, beside uv, venv-pack and podman."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import environments
from disk import size_of
from figures import Section, Target
from measuring import Way, rounds
from ways import Bench

SCIENCE = ("numpy", "scipy", "pandas", "scikit-learn", "matplotlib", "torch==2.13.0")
SHARED = ("numpy", "pandas")  # that ten environments have in common
OWN = ("six", "click", "idna", "certifi", "attrs", "toml", "tqdm", "pyyaml", "colorama")
LAID_OUT, LEFT, COPIED = "anew: laid out (links)", "anew: as left", "anew env rebuild (copies)"
RESTORE_S, AGAIN_MB, TEN = 5.0, 1.0, 2.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What brings environments back here, and what is said to it."""

    uv: str
    anew: str
    environ: Mapping[str, str]
    wheels: Path
    place: Path

    def run(self, *words: str, **more: str) -> str:
        """Run a command to its end; return what it wrote to stdout."""
        done = subprocess.run(words, cwd=self.place, env={**self.environ, **more}, text=True,
                              capture_output=True, check=False)  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{' '.join(words[:4])}: {done.stderr[-300:]}")
        return done.stdout

    def make(self, place: Path, packages: tuple[str, ...]) -> None:
        """Make an environment from the wheels that lie here, byte-compiled."""
        self.run(self.uv, "venv", "-q", str(place))
        self.run(self.uv, *self.install(place, packages))

    def install(self, place: Path, packages: tuple[str, ...], *more: str) -> tuple[str, ...]:
        """Return uv's words that install `packages` from the wheels that lie here."""
        return ("pip", "install", "-q", "--offline", "--no-index", "--find-links",
                str(self.wheels), "--compile-bytecode", *more, "--python",
                str(place / "bin" / "python"), *packages)  # fmt: skip


def environment(bench: Bench, pairs: int, say: Callable[[str], None]) -> Section:
    """Measure how long an environment takes to come back, and what archives take."""
    folder = bench.place / "environment"
    folder.mkdir()
    say("fetching wheels")
    wheels = environments.wheels("science", *SCIENCE, *OWN)
    environ = {**bench.environ, "ANEW_HOME": str(folder / "store"),
               "UV_CACHE_DIR": str(folder / "uv")}  # fmt: skip
    uv = shutil.which("uv") or str(bench.anew.parent / "uv")
    tools = Tools(uv, str(bench.anew), environ, wheels, folder)
    section = Section("An environment of numpy, scipy, pandas, scikit-learn, matplotlib, torch")
    _archive(tools, section, say)
    section.series = rounds(_ways(tools, section, say), pairs, say)
    _compare(section)
    _ten(tools, section, say)
    return section


def _archive(tools: Tools, section: Section, say: Callable[[str], None]) -> None:
    """Record a run in the environment, archive that twice, and take the environment away."""
    place = tools.place / "venv"
    say("installing")
    tools.make(place, SCIENCE)
    (tools.place / "use.py").write_text(
        "import numpy\nprint(numpy.__version__)\n", encoding="utf-8"
    )
    tools.run(tools.anew, "run", "--name", "science", str(place / "bin" / "python"), "use.py")
    say("archiving")
    first = json.loads(tools.run(tools.anew, "env", "archive", "science", "--json"))
    again = json.loads(tools.run(tools.anew, "env", "archive", "science", "--json"))
    section.notes.append(
        f"the environment has {first['files']:,} files, {first['bytes'] / 1e6:,.0f} MB; its "
        f"archive takes {first['added_b'] / 1e6:,.0f} MB"
    )
    section.targets.append(
        Target("growth by a second archive of it", again["added_b"] / 1e6, AGAIN_MB, "MB")
    )


def _ways(tools: Tools, section: Section, say: Callable[[str], None]) -> list[Way]:
    folder, environ = tools.place, tools.environ
    gone, target = folder / "gone", folder / "target"
    ways = _peers(tools, section, say, target)
    (folder / "venv").rename(gone)
    dry = '"$@"; test $? -eq 11'  # inconclusive: nothing is started
    restore = ["sh", "-c", dry, "sh", tools.anew, "replay", "science", "--offline", "--dry-run"]
    cut = _without_network(environ)
    rebuild = [tools.anew, "env", "rebuild", "science", "--offline", "-o", str(target)]
    places = folder / "store" / "environments"
    return [
        Way(LAID_OUT, [*cut, *restore], folder, environ, before=lambda: _put_aside(places)),
        Way(LEFT, [*cut, *restore], folder, environ),
        Way(COPIED, [*cut, *rebuild], folder, environ, before=lambda: _clear(target)),
        *ways,
    ]


def _without_network(environ: Mapping[str, str]) -> list[str]:
    """Return the words that cut the network from a command, none where that cannot be done."""
    words = ["unshare", "--map-root-user", "--net"]
    done = subprocess.run([*words, "true"], env=environ, capture_output=True, check=False)
    return words if done.returncode == 0 else []


def _peers(tools: Tools, section: Section, say: Callable[[str], None], target: Path) -> list[Way]:
    folder, environ = tools.place, tools.environ
    cache = folder / "uv"
    fresh = [tools.uv, "venv", "-q", "--clear", str(target)]

    def warm() -> None:
        _clear(target)
        subprocess.run(fresh, env=environ, check=True, capture_output=True)

    def cold() -> None:
        _clear(cache)
        warm()

    install = [tools.uv, *tools.install(target, SCIENCE)]
    copying = [tools.uv, *tools.install(target, SCIENCE, "--link-mode", "copy")]
    ways = [
        Way("uv, warm cache (hard links)", install, folder, environ, before=warm),
        Way("uv, warm cache (copies)", copying, folder, environ, before=warm),
        Way("uv, cold cache, wheels on disk", install, folder, environ, before=cold),
    ]
    for make in (_venv_pack, _podman):
        say(f"preparing {make.__name__.strip('_')}")
        try:
            ways.append(make(tools, target))
        except environments.Unavailable as error:
            section.notes.append(f"{make.__name__.strip('_')} is left out: {error}")
    return ways


def _venv_pack(tools: Tools, target: Path) -> Way:
    """conda-pack's sister for virtual environments: packs into one tar, unpacked elsewhere."""
    program = environments.programs("venv-pack", "venv-pack", "setuptools<80") / "venv-pack"
    packed = tools.place / "packed.tar"
    done = subprocess.run(
        [str(program), "-q", "-p", str(tools.place / "venv"), "-o", str(packed)],
        env=tools.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise environments.Unavailable(f"venv-pack: {done.stderr.strip()[-120:]}")

    def before() -> None:
        _clear(target)
        target.mkdir()

    return Way("venv-pack (conda-pack for venvs), unpacked", ["tar", "-xf", str(packed), "-C",
               str(target)], tools.place, tools.environ, before=before)  # fmt: skip


def _podman(tools: Tools, target: Path) -> Way:
    """Load the same files as an image from one file, as `docker load` does."""
    podman = shutil.which("podman")
    if podman is None:
        raise environments.Unavailable("podman is not installed")
    own = [podman, "--root", str(tools.place / "images"), "--runroot", str(tools.place / "podman")]
    saved = tools.place / "image.tar"
    (tools.place / "Containerfile").write_text("FROM scratch\nCOPY venv /venv\n", encoding="ascii")
    for words in (
        ["build", "-q", "-t", "science", "."],
        ["save", "-q", "-o", str(saved), "science"],
    ):
        done = subprocess.run([*own, *words], cwd=tools.place, env=tools.environ, text=True,
                              capture_output=True, check=False)  # fmt: skip
        if done.returncode:
            raise environments.Unavailable(f"podman {words[0]}: {done.stderr.strip()[-120:]}")

    def before() -> None:
        subprocess.run([*own, "rmi", "--all", "--force"], env=tools.environ, capture_output=True,
                       check=False)  # fmt: skip

    del target
    return Way("podman load", [*own, "load", "-q", "-i", str(saved)], tools.place, tools.environ,
               before=before)  # fmt: skip


def _put_aside(place: Path) -> None:
    """Take a folder out of the way: ext4 is slow to make files where others were just removed."""
    if place.exists():
        place.rename(place.with_name(f"{place.name}-{time.monotonic_ns()}"))


def _clear(place: Path) -> None:
    for folder, _, _ in os.walk(place):
        Path(folder).chmod(0o700)
    shutil.rmtree(place, ignore_errors=True)


def _compare(section: Section) -> None:
    own = section.of(LAID_OUT)
    if not own.costs:
        return
    named = ((LEFT, "laid out before"), (LAID_OUT, "laid out anew"))
    section.targets[:0] = [
        Target(f"restored from the archive, network cut, {how}", section.of(name).wall, RESTORE_S,
               "s")
        for name, how in named if section.of(name).costs
    ]  # fmt: skip
    for series in section.series:
        if series.costs and series is not own:
            section.notes.append(f"{series.name} ÷ {LAID_OUT}: {series.wall / own.wall:.2f}")


def _ten(tools: Tools, section: Section, say: Callable[[str], None]) -> None:
    """Archive ten environments that share most packages; say what they take beside one."""
    store = tools.place / "ten"
    more = {"ANEW_HOME": str(store)}
    sizes = []
    for number, own in enumerate(("", *OWN)):
        say(f"environment {number + 1} of 10")
        with tempfile.TemporaryDirectory(dir=tools.place) as folder:
            place = Path(folder) / "venv"
            tools.make(place, (*SHARED, *([own] if own else [])))
            name = f"r{number}"
            tools.run(tools.anew, "run", "--name", name, str(place / "bin" / "python"), "use.py",
                      **more)  # fmt: skip
            tools.run(tools.anew, "env", "archive", name, **more)
        sizes.append(size_of(store))
    section.notes.append(f"archives: one {sizes[0] / 1e6:,.0f} MB, ten {sizes[-1] / 1e6:,.0f} MB")
    section.targets.append(
        Target("room of ten environments beside one", sizes[-1] / sizes[0], TEN, "times")
    )
