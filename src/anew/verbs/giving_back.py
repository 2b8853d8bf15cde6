"""What a replay gives the program again beside its files: variables, environment, seeds."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from anew.facets import seeds
from anew.model.errors import CannotRestore
from anew.model.inputs import Seeds, Variable
from anew.model.record import Record
from anew.model.secrets import REDACTED
from anew.model.tolerance import Tolerances
from anew.store.listings import read_listing
from anew.verbs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a replay is asked for. `packages` and `variables` make it a counterfactual."""

    tolerances: Tolerances = field(default_factory=Tolerances)
    packages: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    root_seed: str | None = None
    into: str | None = None
    keep: bool = False
    offline: bool = False
    dry: bool = False
    timeout: float | None = None
    isolate: bool = False
    container: bool = False  # run in an image of the environment
    limits: bool = False  # of memory and cores, as recorded
    lend: tuple[str, ...] = ()  # paths of this machine that a clean room shows beside the record
    like_cpu: bool = False  # choose code in libraries as the recorded CPU made them choose
    allow_cpu: bool = False  # where the recorded accelerator is missing

    @property
    def counterfactual(self) -> tuple[str, ...]:
        """What is changed on purpose, in words."""
        changes = [*self.packages, *(f"{name}={value}" for name, value in self.variables)]
        return (*changes, f"seed={self.root_seed}") if self.root_seed else tuple(changes)


@dataclass(frozen=True, slots=True)
class Restoration:
    """How faithfully an aspect was put back: exact, or what stands in for it and why."""

    exact: bool
    note: str = ""


def refuse_redacted(argv: Sequence[str]) -> None:
    """Refuse a command that held a secret.

    Raises:
        CannotRestore: it did; the secret was never stored.
    """
    hidden = [word for word in argv if REDACTED in word]
    if hidden:
        raise CannotRestore(
            "a secret on the command line cannot be given back",
            why=f"it was not stored: {' '.join(argv)}",
            hint="pass secrets in environment variables: a replay takes those from here",
        )


def variables(
    original: Record, wishes: Wishes, workspace: Workspace, restored: dict[str, Restoration]
) -> dict[str, str]:
    """Return the recorded variables; secrets are taken from the present environment."""
    listing = original.recipe.configuration.variables
    recorded = list(read_listing(workspace.store, listing, Variable)) if listing else []
    result: dict[str, str] = {}
    taken, missing = [], []
    for variable in recorded:
        if variable.value is not None:
            result[variable.name] = variable.value
        elif variable.name in os.environ:
            result[variable.name] = os.environ[variable.name]
            taken.append(variable.name)
        else:
            missing.append(variable.name)
    notes = []
    if taken:
        notes.append(f"secrets taken from here: {', '.join(taken)}")
    if missing:
        notes.append(f"secrets that are not here: {', '.join(missing)}")
    restored["configuration"] = Restoration(not missing and not taken, "; ".join(notes))
    for name, value in wishes.variables:
        result[name] = value
    return result


def pinned(recorded: Seeds, variables: Mapping[str, str]) -> dict[str, str]:
    """Return thread counts that would be others here, as variables."""
    if recorded.cores in (0, seeds.cores()):
        return {}
    return {
        name: value
        for name, value in seeds.pinned(recorded.threads).items()
        if name not in variables
    }


def own_seeds(recorded: Seeds) -> bytes:
    """Return the seeds the program set itself, a JSON list a line, as the probe reads them."""
    return b"".join(
        msgspec.json.encode([seed.function, seed.site, seed.count, seed.role, seed.value]) + b"\n"
        for seed in recorded.given
    )
