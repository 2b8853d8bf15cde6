"""lock: a list to install a run's distributions from, with digests, in the forms tools read."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from anew.facets.environment import indexes, rebuild
from anew.facets.environment.conda_packages import NAME, ORIGIN
from anew.facets.environment.distributions import canonical_name
from anew.facets.environment.locks import (
    conda_environment,
    project_text,
    pylock_text,
    requirements_text,
)
from anew.facets.environment.wheels import Wheel, make_wheel
from anew.model.errors import FileExists, NoEnvironment
from anew.model.inputs import Package
from anew.store.listings import read_listing
from anew.verbs.environments import of_python
from anew.verbs.installed import installed_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anew.model.inputs import Interpreter
    from anew.model.record import Record
    from anew.verbs.workspace import Workspace

WHEELS = "wheels"
EXPLICIT = "explicit.txt"  # beside an environment.yml
BUILDERS = ("pip", "setuptools", "wheel")


class Form(StrEnum):
    """The forms of a lock, each with the name of its file."""

    PYLOCK = "pylock.toml"
    REQUIREMENTS = "requirements.txt"
    UV = "uv.lock"
    CONDA = "environment.yml"


@dataclass(frozen=True, slots=True)
class Locked:
    """The files that were written, how many distributions they name, and what they do not."""

    files: tuple[str, ...]
    packages: int
    notes: tuple[str, ...]


def lock(
    workspace: Workspace, record: Record, folder: Path, form: Form, *, wheels: bool, offline: bool
) -> Locked:
    """Write a lock of the environment of `record` into `folder`.

    With `wheels` the distributions lie beside it as wheels made of their installed files: nothing
    else is needed to install them. Without, uv asks the index for digests, unless `offline`.

    Raises:
        FileExists: a file is in the way.
        NoEnvironment: there is no uv, it cannot find a distribution, or no files to make wheels of.
    """
    recorded = of_python(record)
    assert recorded.interpreter is not None
    assert recorded.packages is not None
    packages = tuple(read_listing(workspace.store, recorded.packages, Package))
    names: tuple[str, ...] = (form.value,)
    names += {Form.UV: ("pyproject.toml",), Form.CONDA: (EXPLICIT,)}.get(form, ())
    for name in (*names, *([WHEELS] if wheels else [])):
        if os.path.lexists(folder / name):
            raise FileExists(
                f"{folder / name} is there already", why="nothing that is there is ever replaced",
                hint="name another folder with -o",
            )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    if form is Form.CONDA:
        return _conda(recorded.interpreter, packages, folder)
    if wheels:
        return _with_wheels(workspace, record, packages, folder, form)
    return _from_index(recorded.interpreter, packages, folder, form, offline=offline)


def _with_wheels(
    workspace: Workspace, record: Record, packages: Sequence[Package], folder: Path, form: Form
) -> Locked:
    files = installed_files(workspace, record)
    interpreter = record.recipe.environment.interpreter
    assert interpreter is not None
    if files is None:
        raise NoEnvironment(
            "there are no files to make wheels of",
            why="the environment is neither archived nor here as recorded",
            hint="lock it without --wheels, from the index",
        )
    place = folder / WHEELS
    place.mkdir()
    made: list[tuple[Package, Wheel]] = []
    notes: list[str] = []
    for package in packages:
        metadata = files.metadata.get(canonical_name(package.name), "")
        wheel = None
        if package.origin == ORIGIN:
            continue
        if package.origin != "editable" and metadata.endswith(".dist-info"):
            wheel = make_wheel(files, metadata, interpreter.prefix, place)
        if wheel is None:
            notes.append(f"{package.name} {package.version} is not among them: it is "
                         f"{package.origin}, or has no list of its files")  # fmt: skip
            continue
        made.append((package, wheel))
        if wheel.lost:
            notes.append(f"{package.name}: {', '.join(wheel.lost[:3])} could not be taken in")
    return _written(interpreter, made, folder, form, notes)


def _written(
    interpreter: Interpreter,
    made: Sequence[tuple[Package, Wheel]],
    folder: Path,
    form: Form,
    notes: list[str],
) -> Locked:
    rows = [(package.name, package.version, wheel) for package, wheel in made]
    if form is Form.PYLOCK:
        text = pylock_text(rows, interpreter.version, WHEELS)
    elif form is Form.REQUIREMENTS:
        text = requirements_text(rows, WHEELS)
    else:
        pins = [f"{name}=={version}" for name, version, _ in rows]
        return _project(interpreter, pins, folder, notes, wheels=WHEELS, offline=True)
    (folder / form.value).write_text(text, encoding="utf-8")
    return Locked((str(folder / form.value), str(folder / WHEELS)), len(rows), tuple(notes))


def _from_index(
    interpreter: Interpreter,
    packages: Sequence[Package],
    folder: Path,
    form: Form,
    *,
    offline: bool,
) -> Locked:
    lines, notes = _requirements(packages)
    if form is Form.UV:
        return _project(interpreter, lines, folder, notes, wheels=None, offline=offline)
    target = folder / form.value
    with tempfile.TemporaryDirectory() as scratch:
        wanted = Path(scratch, "requirements.in")
        wanted.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        words = ["pip", "compile", "--quiet", "--no-deps", "--generate-hashes", "--no-header",
                 "--no-annotate", "--format", form.value, "--output-file", str(target),
                 "--python-version", interpreter.version, str(wanted)]  # fmt: skip
        rebuild.run_uv(_uv(), [*words, *_indexes(interpreter)], offline=offline)
    return Locked((str(target),), len(lines), tuple(notes))


def _project(
    interpreter: Interpreter,
    pins: Sequence[str],
    folder: Path,
    notes: list[str],
    *,
    wheels: str | None,
    offline: bool,
) -> Locked:
    """Write a project that depends on exactly those distributions, and let uv lock it."""
    project = folder / "pyproject.toml"
    project.write_text(project_text(pins, interpreter, wheels), encoding="utf-8")
    words = ["lock", "--quiet", "--project", str(folder), "--python",
             rebuild.find_base(interpreter, _uv())[0]]  # fmt: skip
    if wheels is None:
        words += _indexes(interpreter)
    rebuild.run_uv(_uv(), words, offline=offline)
    files = (str(project), str(folder / Form.UV.value))
    return Locked(files, len(pins), tuple(notes))


def _indexes(interpreter: Interpreter) -> list[str]:
    found = indexes.configured(os.environ, interpreter.prefix).options()
    return [*found, "--index-strategy", "unsafe-best-match"]


def _requirements(packages: Sequence[Package]) -> tuple[list[str], list[str]]:
    """Return what an installer is to be told, and what it cannot be."""
    lines, notes = list[str](), list[str]()
    if any(each.origin == ORIGIN for each in packages):
        notes.append(f"what is conda's own is left out: `--format {Form.CONDA}` has it")
    for package in packages:
        if package.origin == ORIGIN:
            continue
        if package.origin in ("index", "system") and package.version:
            lines.append(f"{package.name}=={package.version}")
        elif package.origin in ("vcs", "archive") and package.url:
            lines.append(f"{package.name} @ {package.url}")
        else:
            notes.append(f"{package.name} {package.version} is left out: it is {package.origin}, "
                         "and no index has it; --wheels takes it, unless editable")  # fmt: skip
        if package.patched and package.origin == "index":
            notes.append(f"{package.name} was changed by hand, and the index has it as published: "
                         "--wheels takes it as it was")  # fmt: skip
    return lines, notes


def _conda(interpreter: Interpreter, packages: Sequence[Package], folder: Path) -> Locked:
    own = [each for each in packages if each.origin == ORIGIN]
    known = {canonical_name(each.name.removeprefix(NAME)) for each in own}
    rest = [each for each in packages if canonical_name(each.name) not in known and each not in own]
    lines, notes = _requirements(rest)
    notes += [f"{each.name} was changed by hand: its channel has it as published, the archive as "
              "it was" for each in own if each.patched]  # fmt: skip
    text, explicit = conda_environment(interpreter, own, lines)
    files = [folder / Form.CONDA.value]
    files[0].write_text(text, encoding="utf-8")
    if explicit:
        files.append(folder / EXPLICIT)
        files[1].write_text(explicit, encoding="utf-8")
    count = len(own) + len(lines)
    return Locked(tuple(str(each) for each in files), count, tuple(notes))


def _uv() -> str:
    found = rebuild.find_uv()
    if found is None:
        raise NoEnvironment(
            "uv is needed to lock from an index, and is not installed", hint="`pip install uv`"
        )
    return found
