"""Locks as text: pylock.toml (PEP 751), requirements.txt, a project for uv, environment.yml."""

from collections.abc import Iterable, Sequence

import tomli_w
from packaging import pylock
from packaging.pylock import Pylock
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from anew.facets.environment.conda_packages import NAME
from anew.facets.environment.wheels import Wheel
from anew.model.inputs import Interpreter, Package

Row = tuple[str, str, Wheel]  # name, version, wheel


def pylock_text(rows: Iterable[Row], python: str, folder: str) -> str:
    """Return a `pylock.toml` whose wheels lie in `folder` beside it."""
    packages = [
        pylock.Package(
            name=canonicalize_name(name),
            version=Version(version),
            wheels=[
                pylock.PackageWheel(
                    path=f"{folder}/{wheel.name}", size=wheel.size,
                    hashes={"sha256": wheel.sha256},
                )
            ],
        )
        for name, version, wheel in sorted(rows, key=lambda row: canonicalize_name(row[0]))
    ]  # fmt: skip
    lock = Pylock(
        lock_version=Version("1.0"),
        created_by="anew",
        requires_python=SpecifierSet(f"=={minor(python)}.*"),
        packages=packages,
    )
    lock.validate()
    return tomli_w.dumps(dict(lock.to_dict()))


def requirements_text(rows: Iterable[Row], folder: str) -> str:
    """Return a `requirements.txt` with digests, for wheels in `folder` and nothing else."""
    lines = ["--no-index", f"--find-links {folder}"]
    lines += [
        f"{canonicalize_name(name)}=={version} --hash=sha256:{wheel.sha256}"
        for name, version, wheel in sorted(rows, key=lambda row: canonicalize_name(row[0]))
    ]
    return "\n".join(lines) + "\n"


def project_text(pins: Sequence[str], interpreter: Interpreter, wheels: str | None) -> str:
    """Return a `pyproject.toml` that depends on exactly `pins`, for uv to lock."""
    system, _, machine = interpreter.platform.partition("-")
    uv: dict[str, object] = {
        "package": False,
        "environments": [f"sys_platform == '{system}' and platform_machine == '{machine}'"],
    }
    if wheels is not None:
        uv |= {"no-index": True, "find-links": [wheels]}
    document = {
        "project": {
            "name": "environment-of-a-run",
            "version": "0",
            "requires-python": f"=={minor(interpreter.version)}.*",
            "dependencies": list(pins),
        },
        "tool": {"uv": uv},
    }
    return tomli_w.dumps(document)


def conda_environment(
    interpreter: Interpreter, packages: Sequence[Package], pip: Sequence[str]
) -> tuple[str, str]:
    """Return an `environment.yml`, and conda's explicit list with digests where it has any.

    `packages` are those of conda: their versions end in a build, their URLs in a digest.
    """
    channels = [each for each in dict.fromkeys(map(_channel, packages)) if each] or ["conda-forge"]
    lines = ["name: environment-of-a-run", "channels:", *(f"  - {each}" for each in channels)]
    lines += ["dependencies:"]
    if packages:
        lines += [f"  - {each.name.removeprefix(NAME)}={each.version}" for each in packages]
    else:
        lines += [f"  - python={interpreter.version}", "  - pip"]
    if pip:
        lines += ["  - pip:", *(f"      - {_quoted(each)}" for each in pip)]
    explicit = [each.url.rstrip("#") for each in packages if each.url]
    text = "\n".join(["@EXPLICIT", *explicit]) + "\n" if explicit else ""
    return "\n".join(lines) + "\n", text


def _channel(package: Package) -> str:
    """Return the channel of a package's URL: by name where conda knows it by that.

    >>> _channel(Package("conda/x", "1=0", None, url="https://conda.anaconda.org/a/linux-64/x.conda"))
    'a'
    """
    place = (package.url or "").rpartition("/")[0].rpartition("/")[0]
    return place.removeprefix("https://conda.anaconda.org/")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def minor(version: str) -> str:
    """Return `3.12` of `3.12.4`."""
    return ".".join(version.split(".")[:2])
