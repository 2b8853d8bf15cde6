"""Ctrl-Z and fg: the program stops and goes on as if we were not there."""

import os
import pty
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ANEW, Anew

WAITS = """
import sys
print('ready', flush=True)
print('heard', sys.stdin.readline().strip(), flush=True)
"""


def job(command: list[str], cwd: Path, environ: dict[str, str]) -> None:
    """Be a shell with one job in the foreground: say when it stops, then go on with it."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    pid = os.fork()
    if not pid:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpgrp())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.chdir(cwd)
        os.execvpe(command[0], command, environ)
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        os.tcsetpgrp(0, os.getpgrp())
        if not os.WIFSTOPPED(status):
            os.write(1, f"job ended: {os.waitstatus_to_exitcode(status)}\n".encode())
            os._exit(0)
        os.write(1, b"stopped\n")
        os.tcsetpgrp(0, pid)
        os.killpg(pid, signal.SIGCONT)


def until(terminal: int, word: bytes) -> bytes:
    """Read what the terminal shows until `word` is there."""
    shown, end = b"", time.monotonic() + 60
    while word not in shown and time.monotonic() < end:
        shown += os.read(terminal, 4096)
    assert word in shown
    return shown


@pytest.mark.skipif(sys.platform != "linux", reason="job control as Linux has it")
def test_a_program_is_stopped_by_ctrl_z_and_goes_on(anew: Anew) -> None:
    anew.write("wait.py", WAITS)
    pid, terminal = pty.fork()
    if not pid:
        job([*ANEW, "run", "wait.py"], anew.project, anew.variables(TERM="xterm"))
    try:
        until(terminal, b"ready")
        os.write(terminal, b"\x1a")
        until(terminal, b"stopped")
        os.write(terminal, b"hello\n")
        shown = until(terminal, b"job ended: 0")
        os.waitpid(pid, 0)
    finally:
        os.close(terminal)
    assert b"heard hello" in shown
    assert anew.json("show", "@1")["status"] == "finished"
