"""environments: what a run's environment was, and how it stands here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anew.facets.environment import comparing, rebuild
from anew.model.errors import NoEnvironment, WrongUsage
from anew.model.inputs import Library, LooseFile, Package
from anew.store.listings import read_listing
from anew.verbs.archives import archives

if TYPE_CHECKING:
    from anew.model.digest import Digest
    from anew.model.inputs import Environment
    from anew.model.record import Record
    from anew.verbs.workspace import Workspace

SAME, OTHER, GONE = "same", "other", "gone"


@dataclass(frozen=True, slots=True)
class Shown:
    """An environment: what was installed, what of it was imported, and how it stands here."""

    environment: Environment
    packages: tuple[Package, ...]
    loose: tuple[LooseFile, ...]
    libraries: tuple[Library, ...]
    here: str
    differing: tuple[str, ...]
    other_libraries: tuple[str, ...]
    archives: tuple[Digest, ...]


def show_environment(workspace: Workspace, record: Record) -> Shown:
    """Return what `record` says of its environment, and how that stands here.

    Raises:
        WrongUsage: no Python took part in the run.
    """
    environment = of_python(record)
    store = workspace.store
    cache = workspace.cache / "environments"
    here, differing = SAME, tuple[str, ...]()
    assert environment.interpreter is not None
    if rebuild.present(environment.interpreter, environment.digest, cache, os.environ) is None:
        try:
            differing = comparing.named_differences(environment, store, cache)
            here = OTHER
        except NoEnvironment as error:
            differing, here = (error.what,), GONE
    libraries = libraries_of(workspace, environment)
    return Shown(
        environment,
        packages_of(workspace, environment),
        loose_of(workspace, environment),
        libraries,
        here,
        differing,
        tuple(each.path for each in comparing.of_libraries(libraries, store)),
        tuple(archives(workspace).get(environment.digest, ())),
    )


def of_python(record: Record) -> Environment:
    """Return the environment of a run.

    Raises:
        WrongUsage: no Python took part in it.
    """
    environment = record.recipe.environment
    if environment.interpreter is None or environment.packages is None:
        raise WrongUsage(
            f"the run {record.id[:6]} has no environment", why="no Python took part in it",
            hint="its programs are the system's own: see `anew show RUN`",
        )  # fmt: skip
    return environment


def packages_of(workspace: Workspace, environment: Environment) -> tuple[Package, ...]:
    """Return the distributions of an environment."""
    listing = environment.packages
    return tuple(read_listing(workspace.store, listing, Package)) if listing is not None else ()


def loose_of(workspace: Workspace, environment: Environment) -> tuple[LooseFile, ...]:
    """Return the files in its folders that belong to no distribution."""
    listing = environment.loose
    return tuple(read_listing(workspace.store, listing, LooseFile)) if listing is not None else ()


def libraries_of(workspace: Workspace, environment: Environment) -> tuple[Library, ...]:
    """Return the shared libraries from elsewhere that were loaded."""
    listing = environment.libraries
    return tuple(read_listing(workspace.store, listing, Library)) if listing is not None else ()
