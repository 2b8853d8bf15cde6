"""Status: how a run stands. Apart from the record, so that a list of runs loads no more."""

from enum import StrEnum

SHORT_ID = 6  # characters of an id that are shown


class Status(StrEnum):
    """How a run stands. `INCOMPLETE` ended, but its record could not hold all it should."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    INCOMPLETE = "incomplete"
