"""Request, known before a run; Recipe, derived at the seal; its digest names the experiment."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from anew.model.canonical import digest_of
from anew.model.digest import Digest
from anew.model.inputs import MADE_ANEW, CodeState, Configuration, Environment, Input, Seeds
from anew.model.tree import Listing


class Keep(StrEnum):
    """Which bytes a run asks to keep by value."""

    ALL = "all"
    AUTO = "auto"
    NONE = "none"


class Track(StrEnum):
    """How much is asked of a run."""

    EXPLORATORY = "exploratory"
    PRODUCTION = "production"


class Trace(StrEnum):
    """How programs are followed: from inside, or from outside as well, by each system call."""

    AUTO = "auto"
    FULL = "full"


class Options(Struct, frozen=True):
    """What was asked of Anew, not of the program."""

    keep: Keep = Keep.AUTO
    track: Track = Track.EXPLORATORY
    name: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    note: str | None = None
    hypothesis: str | None = None
    recipe_variables: tuple[str, ...] = ()
    trace: Trace = Trace.AUTO
    counterfactual: tuple[str, ...] = ()  # "numpy==2.4", "OMP_NUM_THREADS=1", "seed=…"


class Request(Struct, frozen=True):
    """All that is known when a run starts.

    `argv` is what is executed, its first word as found; `command` what the user typed. `cwd` is
    relative to the project where inside it, `.` for the project itself; `project` is absolute.
    `root_seed` is 32 hexadecimal digits, or None where nothing is to be seeded.
    """

    command: tuple[str, ...]
    argv: tuple[str, ...]
    project: str
    cwd: str
    options: Options
    root_seed: str | None
    started_at: str
    replay_of: str | None = None


class Command(Struct, frozen=True):
    """The program as it was started; secrets in `argv` are replaced by `<redacted>`."""

    argv: tuple[str, ...]
    cwd: str


class Recipe(Struct, frozen=True):
    """All that decided the result and can be put back; most of it is known at the end only."""

    command: Command
    code: CodeState
    inputs: Listing  # Input, by path
    environment: Environment
    configuration: Configuration
    seeds: Seeds
    looked_at: Listing | None = None  # Input of kind STAT or ABSENT, by path
    inputs_digest: Digest | None = None  # of `named_inputs`; older records have none

    @property
    def digest(self) -> Digest:
        """Names the experiment: runs that differ in the root seed alone are replicates."""
        seeds = replace(self.seeds, root=None, hash_seed=None, draws=(), source_date_epoch=None)
        return digest_of(_named(replace(self, seeds=seeds)))

    @property
    def exact_digest(self) -> Digest:
        """Names the experiment with its root seed."""
        return digest_of(_named(self))


def named_inputs(inputs: Iterable[Input]) -> Digest:
    """Return what the inputs add to the name of an experiment: which bytes lay where.

    When they were written, and how they are held, differs between copies of one experiment, and
    what a library made for itself between the first time and the second.
    """
    return digest_of(
        sorted(
            (each.path, each.kind, each.digest or "", each.target or "")
            for each in inputs
            if each.rule != MADE_ANEW
        )
    )


def _named(recipe: Recipe) -> tuple[object, ...]:
    """Return the parts that name an experiment: not where things lay, nor how we know them."""
    code, configuration = recipe.code, recipe.configuration
    return (
        recipe.command,
        code.used.digest,
        recipe.inputs_digest or recipe.inputs.digest,
        recipe.environment.digest,
        configuration.parameters,
        configuration.streams,
        recipe.seeds,
    )
