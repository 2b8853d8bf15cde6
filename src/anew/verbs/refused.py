"""Refused: why a program could not be started, as an error."""

from anew.execute.protocol import Exit
from anew.model.errors import AnewError, CannotRestore, ProgramNotExecutable, ProgramNotFound

NOT_EXECUTABLE = (8, 13)  # ENOEXEC, EACCES


def not_started(program: str, ended: Exit) -> AnewError:
    """Return the error that says why `program` did not come to run."""
    if ended.roomless and ended.isolated:
        return CannotRestore(
            f"{ended.isolated} could not start the container", why=ended.failure or "",
            hint=f"see `{ended.isolated} info`",
        )  # fmt: skip
    if ended.roomless:
        return CannotRestore(
            "the clean room could not be made",
            why=ended.failure or "",
            hint="replay without --isolate, or on a machine that allows user namespaces",
        )
    kind = ProgramNotExecutable if ended.errno in NOT_EXECUTABLE else ProgramNotFound
    return kind(
        f"cannot start {program}",
        why=ended.failure or "",
        hint="check that it is there, may be executed, and names an interpreter that is there",
    )
