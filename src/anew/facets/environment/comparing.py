"""What differs between a recorded environment and one that is here: each thing by its name."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from anew.facets.environment import loose, python
from anew.facets.environment.distributions import Distribution, canonical_name
from anew.facets.environment.inventory import scan
from anew.facets.environment.state import is_ours, site_folders
from anew.facets.spool import Process
from anew.model.inputs import Environment, Interpreter, Library, LooseFile, Package
from anew.store.listings import read_listing
from anew.store.local import LocalStore

MOST = 5  # files of one distribution that are named


def named_differences(environment: Environment, store: LocalStore, cache: Path) -> tuple[str, ...]:
    """Compare what is installed at the recorded place with what was.

    Raises:
        NoEnvironment: the interpreter is gone or cannot be run.
    """
    assert environment.interpreter is not None
    process = python.ask(environment.interpreter.executable, os.environ)
    return (
        *of_interpreter(environment.interpreter, process),
        *of_packages(environment, site_folders(process), store, cache),
    )


def of_interpreter(recorded: Interpreter, here: Process) -> tuple[str, ...]:
    """Say in what the interpreter that is here is another."""
    if here.version != recorded.version or here.implementation != recorded.implementation:
        return (f"{here.implementation} {here.version} stands in for "
                f"{recorded.implementation} {recorded.version}",)  # fmt: skip
    if here.build != recorded.build:
        return (f"another build of Python {here.version}: {here.build}",)
    if here.platform != recorded.platform:
        return (f"Python for {here.platform} stands in for one for {recorded.platform}",)
    return ()


def of_packages(
    environment: Environment,
    sites: Sequence[str],
    store: LocalStore,
    cache: Path,
    made_for: str | None = None,
) -> tuple[str, ...]:
    """Say which distributions and loose files in `sites` are not those recorded.

    `made_for` is the prefix that they are to be seen at, where that is not the recorded one.
    """
    if environment.packages is None or environment.interpreter is None:
        return ()
    made_for = made_for or environment.interpreter.prefix
    recorded = list(read_listing(store, environment.packages, Package))
    found: list[str] = []
    here = {canonical_name(each.name): each for each in scan(sites, cache, made_for)}
    for package in recorded:
        found += _of_package(package, here.pop(canonical_name(package.name), None))
    found += [f"{each.name} {each.version} was added" for each in here.values()]
    return (*found, *_of_loose(environment, sites, store, cache))


def _of_package(package: Package, here: Distribution | None) -> list[str]:
    if here is None:
        return [f"{package.name} {package.version} is not there"]
    if here.version != package.version:
        return [f"{package.name} {here.version} stands in for {package.version}"]
    if here.fingerprint == package.fingerprint:
        return []
    known = {file.path for file in package.patched}
    changed = [path for path in here.changed if path not in known]
    restored = sorted(known - set(here.changed) - set(here.missing))
    words = [f"{package.name}: {path} is changed" for path in changed]
    words += [f"{package.name}: {path} is gone" for path in here.missing]
    if package.origin not in ("editable", "local"):
        words += [f"{package.name}: {path} is as published, and was not" for path in restored]
    if not words:
        return [f"{package.name} {package.version} has other files than the recorded one: "
                "the same version from another build, or a changed local one"]  # fmt: skip
    more = len(words) - MOST
    return words[:MOST] + ([f"{package.name}: {more} more files differ"] if more > 0 else [])


def _of_loose(
    environment: Environment, sites: Sequence[str], store: LocalStore, cache: Path
) -> list[str]:
    listing = environment.loose
    recorded = {each.path: each.digest for each in read_listing(store, listing, LooseFile)} \
        if listing is not None else {}  # fmt: skip
    here = {each.path: each.digest for each in loose.look(sites, cache)}
    words = [f"{path} was added" for path in sorted(here.keys() - recorded.keys())]
    words += [f"{path} is gone" for path in sorted(recorded.keys() - here.keys())]
    words += [
        f"{path} is changed" for path in sorted(here.keys() & recorded.keys())
        if here[path] != recorded[path]
    ]  # fmt: skip
    more = len(words) - MOST
    return words[:MOST] + ([f"{more} more files of no distribution differ"] if more > 0 else [])


def of_libraries(
    libraries: Iterable[Library], store: LocalStore, real: Callable[[str], str] = str
) -> tuple[Library, ...]:
    """Return those shared libraries from elsewhere that are gone, or are others.

    `real` says where lies what will be seen at a path.
    """
    differing = []
    for each in libraries:
        if is_ours(each.path):  # runs of before had it among theirs
            continue
        try:
            place = real(each.path)
            same = each.digest is None or store.fingerprint(place, None) == each.digest
        except OSError:
            same = False
        if not same:
            differing.append(each)
    return tuple(differing)


def of_loaded(recorded: Iterable[Library], again: Iterable[Library]) -> tuple[str, ...]:
    """Say which shared libraries a replay loaded and its original did not, and the reverse.

    A link of the system may lead to another library by now, as the one to its BLAS may.
    """
    before, after = (
        {each.path for each in side if not is_ours(each.path)} for side in (recorded, again)
    )
    words = [
        f"the replay loaded {path}, which the original did not" for path in sorted(after - before)
    ]
    words += [
        f"the replay did not load {path}, which the original did" for path in sorted(before - after)
    ]
    more = len(words) - MOST
    return tuple(words[:MOST] + ([f"{more} more libraries differ"] if more > 0 else []))
