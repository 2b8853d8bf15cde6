"""Every error we raise: what happened, why, what to do next, and its exit code."""

from typing import ClassVar


class AnewError(Exception):
    """Base of all errors raised on purpose. `exit_code` and `code` are part of the contract."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"

    def __init__(self, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what, self.why, self.hint = what, why, hint

    def __str__(self) -> str:
        why = f": {self.why}" if self.why else ""
        hint = f"\n\nhint: {self.hint}" if self.hint else ""
        return f"{self.what}{why}{hint}"


class WrongUsage(AnewError):
    """The command line asks for something that cannot be."""

    exit_code, code = 2, "usage"


class MissingObject(AnewError):
    """The store does not hold an object that a record names."""

    exit_code, code = 20, "missing-object"


class UnknownRun(AnewError):
    """No run, or more than one, answers to that name."""

    exit_code, code = 21, "unknown-run"


class BrokenLedger(AnewError):
    """An entry does not follow from the one before it."""

    exit_code, code = 22, "broken-ledger"


class ChangedWhileRead(AnewError):
    """A file is not, or no longer, in the state that was to be read."""

    exit_code, code = 23, "changed-while-read"


class DamagedObject(AnewError):
    """The bytes of an object do not have the digest it is kept under."""

    exit_code, code = 24, "damaged-object"


class NoEnvironment(AnewError):
    """The environment of a run is not here and cannot be rebuilt."""

    exit_code, code = 25, "no-environment"


class StoreUnusable(AnewError):
    """The store cannot be read or written: no permission, no space, another format."""

    exit_code, code = 26, "store"


class NotSealed(AnewError):
    """The run has no record yet: it still goes on, or was interrupted before it could be sealed."""

    exit_code, code = 27, "not-sealed"


class FileExists(AnewError):
    """A file is in the way of one that is to be written."""

    exit_code, code = 28, "file-exists"


class UnknownPath(AnewError):
    """A run has no file of that name."""

    exit_code, code = 29, "unknown-path"


class BadConfiguration(AnewError):
    """A configuration file of Anew's own cannot be understood."""

    exit_code, code = 30, "configuration"


class CannotRestore(AnewError):
    """Something a run needs cannot be put back here."""

    exit_code, code = 31, "cannot-restore"


class Unsupported(AnewError):
    """This platform, or this version of a format, is not supported."""

    exit_code, code = 32, "unsupported"


class CannotArchive(AnewError):
    """The environment of a run cannot be archived: it is gone, another, or cannot be read."""

    exit_code, code = 33, "cannot-archive"


class GateClosed(AnewError):
    """A run lacks something that a track asks for."""

    exit_code, code = 34, "gate-closed"


class NoContainer(AnewError):
    """There is no container engine, it cannot build or run, or there is no such image."""

    exit_code, code = 35, "no-container"


class ProgramNotExecutable(AnewError):
    """The program of a run is there but cannot be started."""

    exit_code, code = 126, "not-executable"


class ProgramNotFound(AnewError):
    """The program of a run is not on the machine it should run on."""

    exit_code, code = 127, "not-found"
