"""Connections: which hosts the processes of a run called, each with who called and by what."""

from msgspec import Struct


class Connection(Struct, frozen=True):
    """A host that a process called, or asked the address of where no call followed.

    `port` is a number or the name of a service, nothing where none was named; `addresses` are
    those called. `process` is the number of the process in the run, 0 where that was not seen,
    `program` its name. `library` is what called: of Python code the package that the user's code
    used, with the one that made the call in brackets; of compiled code the file of the library.
    """

    host: str
    port: str = ""
    addresses: tuple[str, ...] = ()
    process: int = 0
    program: str = ""
    library: str = ""

    @property
    def where(self) -> str:
        """Host and port in one, as people write them."""
        host = f"[{self.host}]" if ":" in self.host and self.port else self.host
        return f"{host}:{self.port}" if self.port else host
