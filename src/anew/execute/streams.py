"""Streams: what stdin, stdout and stderr are, and what a program is given for them."""

import contextlib
import errno
import os
import stat
import termios

from msgspec import Struct

from anew.model.inputs import Streams

COLUMNS, LINES = 80, 24


def kind_of(descriptor: int) -> str:
    """Return `terminal`, `pipe`, `file`, `null`, `closed` or `device`; a socket is a `pipe`."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return "closed"
    if stat.S_ISREG(status.st_mode):
        return "file"
    if stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode):
        return "pipe"
    if os.isatty(descriptor):
        return "terminal"
    null = os.makedev(1, 3)
    return "null" if stat.S_ISCHR(status.st_mode) and status.st_rdev == null else "device"


def present(environ: dict[str, str]) -> Streams:
    """Describe our own three streams."""
    kinds = [kind_of(descriptor) for descriptor in (0, 1, 2)]
    merged = kinds[1] == kinds[2] != "closed" and same_place(1, 2)
    columns, lines = size_of(1) if kinds[1] == "terminal" else (0, 0)
    stdin, stdout, stderr = kinds
    return Streams(stdin, stdout, stderr, merged, environ.get("TERM"), columns, lines)


def same_place(left: int, right: int) -> bool:
    """Say whether two descriptors lead to one file."""
    here, there = os.fstat(left), os.fstat(right)
    return (here.st_dev, here.st_ino, here.st_rdev) == (there.st_dev, there.st_ino, there.st_rdev)


def size_of(descriptor: int) -> tuple[int, int]:
    """Return columns and lines of a terminal."""
    try:
        size = os.get_terminal_size(descriptor)
    except OSError:
        return COLUMNS, LINES
    return size.columns, size.lines


class Channel(Struct):
    """One way from the program to the outside: read `source`, write `sink`, keep a copy in `log`.

    `source` is the master of a terminal where `terminal` is set. `sink` is None on a replay.
    """

    name: str
    source: int
    log: int
    sink: int | None
    terminal: bool
    open: bool = True
    whole: bool = True
    held_back: bytes = b""
    last: bytes = b"\n"
    settings: list[object] | None = None

    def take(self) -> bool:
        """Copy what there is; return False at the end of the stream."""
        try:
            data = os.read(self.source, 1 << 16)
        except OSError as error:  # EIO: the last program closed its terminal
            if error.errno not in (errno.EIO, errno.EBADF):
                return True
            data = b""
        if not data:
            self._pass_on(self.held_back)
            self.held_back = b""
            return False
        self._pass_on(self._as_written(data) if self.terminal else data)
        return True

    def _as_written(self, data: bytes) -> bytes:
        """Undo what the terminal in between did to line ends, and mirror its settings."""
        self.mirror()
        if self.settings is None or not _adds_returns(self.settings):
            data, self.held_back = self.held_back + data, b""
            return data
        data = self.held_back + data
        self.held_back = b"\r" if data.endswith(b"\r") else b""
        return data[: len(data) - len(self.held_back)].replace(b"\r\n", b"\n")

    def mirror(self) -> None:
        """Give the outer terminal the settings the program gave to its own (curses, editors)."""
        try:
            now: list[object] = termios.tcgetattr(self.source)
        except termios.error:
            return
        if self.settings is not None and now != self.settings and self.sink is not None:
            with contextlib.suppress(termios.error):  # it may be gone
                termios.tcsetattr(self.sink, termios.TCSADRAIN, now)  # type: ignore[arg-type]
        self.settings = now

    def _pass_on(self, data: bytes) -> None:
        if not data:
            return
        self.last = data[-1:]
        if self.log >= 0:
            try:
                write_all(self.log, data)
            except OSError:
                self.whole = False
                os.close(self.log)
                self.log = -1
        if self.sink is not None:
            try:
                write_all(self.sink, data)
            except OSError:
                self.sink = None
                self.open = False  # the program learns of it by its next write, as it would alone


def _adds_returns(settings: list[object]) -> bool:
    output = settings[1]
    return isinstance(output, int) and bool(output & termios.OPOST and output & termios.ONLCR)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, also to a descriptor that somebody made non-blocking."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            _wait_writable(descriptor)


def _wait_writable(descriptor: int) -> None:
    import select  # noqa: PLC0415 - hardly ever needed, and start-up is felt

    select.select([], [descriptor], [])
