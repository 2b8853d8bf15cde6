"""Options that many commands share."""

from collections.abc import Callable
from typing import TypeVar

import click

from anew.model.errors import WrongUsage

Function = TypeVar("Function", bound=Callable[..., object])
ROOT_DIGITS = 32


def store(function: Function) -> Function:
    """Add `--store`."""
    return click.option(
        "--store", metavar="DIR", help="Folder of the store (default: ANEW_HOME or XDG data)."
    )(function)


def as_json(function: Function) -> Function:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(
        function
    )


def tolerance(function: Function) -> Function:
    """Add `--tolerance`."""
    return click.option(
        "--tolerance", "-t", "tolerances", multiple=True, metavar="[NAME:]HOW=LIMIT",
        help="How far apart numbers may be: abs=1e-6, rel=1e-9 or ulps=4, for all items or for "
        "those whose name matches NAME. May be given more than once.",
    )(function)  # fmt: skip


def root_of(seed: str) -> str:
    """Return the root seed that `seed` (a number, or 32 hexadecimal digits) stands for."""
    try:
        value = int(seed, 16) if len(seed) == ROOT_DIGITS else int(seed)
        return f"{value % (1 << 128):0{ROOT_DIGITS}x}"
    except ValueError:
        raise WrongUsage(
            f"--seed {seed} is no number", hint="give a whole number, such as --seed 42"
        ) from None
