"""All that is installed in some folders: Python's distributions, and the packages of conda."""

from collections.abc import Sequence
from pathlib import Path

from anew.facets.environment import conda_packages, distributions
from anew.facets.environment.distributions import Distribution


def scan(
    folders: Sequence[str], cache: Path, made_for: str | None = None
) -> tuple[Distribution, ...]:
    """Return what is installed in `folders`, the packages of a conda prefix around them last.

    `made_for` is the prefix that files of those name: by default the one they lie in.
    """
    found = distributions.scan(folders, cache)
    prefixes = dict.fromkeys(map(conda_packages.prefix_of, folders))
    for prefix in prefixes:
        if prefix is not None:
            found += tuple(conda_packages.packages(prefix, cache, made_for or prefix))
    return found
