"""Gate: what a run lacks to enter the production track, each with its remedy, in one list."""

from msgspec import Struct

from anew.model.status import Status
from anew.model.verdict import Answer, Verdict

GOOD = (Answer.IDENTICAL, Answer.EQUIVALENT)


class Lack(Struct, frozen=True):
    """One thing that is missing for a track: which aspect, what, and what to do about it."""

    aspect: str
    what: str
    remedy: str


class Standing(Struct, frozen=True):
    """What is known of a run that is to enter the production track.

    Attributes:
        status: how the run ended.
        counterfactual: what was changed in it on purpose.
        unheld: files, with why, that are not held by value.
        environment: why the environment is not held by value; empty where it is, or none is needed.
        verdict: of the replay in a clean room, None where there was none yet.
        unproved: why nothing is proved by that replay; empty where it saw only the record.
        lent: paths of this machine that were shown to it on purpose.
    """

    status: Status
    counterfactual: tuple[str, ...] = ()
    unheld: tuple[tuple[str, str], ...] = ()
    environment: str = ""
    verdict: Verdict | None = None
    unproved: str = ""
    lent: tuple[str, ...] = ()


def lacking(standing: Standing) -> tuple[Lack, ...]:
    """Return what is missing for the production track; nothing where it may be entered."""
    return (*lacking_before_replay(standing), *_lacking_proof(standing))


def lacking_before_replay(standing: Standing) -> tuple[Lack, ...]:
    """Return what is missing whatever a replay may say."""
    found = []
    if standing.status is not Status.FINISHED:
        found.append(Lack("outcome", f"the run did not finish: it is {standing.status}",
                          "promote a run that ended well"))  # fmt: skip
    if standing.counterfactual:
        changed = ", ".join(standing.counterfactual)
        found.append(Lack("recipe", f"it was changed on purpose: {changed}",
                          "run the changed experiment itself"))  # fmt: skip
    for path, why in standing.unheld:
        found.append(Lack("inputs", f"{path} is not held by value: {why}",
                          "put it back and `anew keep RUN`, or run it again"))  # fmt: skip
    if standing.environment:
        found.append(Lack("environment", standing.environment,
                          "restore it, then `anew env archive RUN`"))  # fmt: skip
    return tuple(found)


def _lacking_proof(standing: Standing) -> list[Lack]:
    verdict = standing.verdict
    if verdict is None:
        return [Lack("replay", "it was not replayed in a clean room",
                     "`anew promote RUN` replays it")]  # fmt: skip
    found = []
    if standing.unproved:
        found.append(Lack("replay", standing.unproved,
                          "promote where user namespaces are allowed"))  # fmt: skip
    if standing.lent:
        found.append(Lack("replay", f"it needs what is not in its record: {standing.lent[0]}",
                          "hold it in the project and run the experiment again"))  # fmt: skip
    if verdict.answer not in GOOD:
        reason = f": {verdict.reason}" if verdict.reason else ""
        found.append(Lack("replay", f"its replay in a clean room is {verdict.answer}{reason}",
                          "see `anew diff`; declare a `--tolerance` where one is due"))  # fmt: skip
    return found
