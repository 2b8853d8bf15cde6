"""The first process of a container: starts the program as a file says, and tells how it ended.

Run as `python -I -S first.py JOB`. An engine tells 128 + N for a program that a signal ended, adds
variables of its own, and keeps signals from a first process; here none of that counts.
"""

from __future__ import annotations

import json
import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

PASSED_ON = ("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")


def main(path: str) -> None:
    """Start the program of the job at `path`; write how it ended beside it."""
    with open(path, encoding="ascii") as stream:
        job = json.load(stream)
    told = {}
    hears, tells = os.pipe()
    child = os.fork()
    if child == 0:
        _become(job, hears, tells)
    for name in PASSED_ON:
        signal.signal(getattr(signal, name), lambda number, _: os.kill(child, number))
    os.close(tells)
    with open(hears, "rb") as report:
        trouble = report.read().decode("utf-8", "replace")
    while True:
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            break
        if pid == child:
            told = {
                "status": status,
                "cpu_time": usage.ru_utime + usage.ru_stime,
                "peak_memory": usage.ru_maxrss * 1024,
                "trouble": trouble,
            }
            break
    with open(path + ".part", "w", encoding="ascii") as stream:
        json.dump(told, stream)
    os.rename(path + ".part", path + ".ended")


def _become(job: dict[str, Any], hears: int, tells: int) -> NoReturn:
    try:
        os.close(hears)
        os.umask(job["umask"])
        os.chdir(job["directory"])
        for number, place in sorted(job["streams"].items()):
            flags = os.O_RDONLY if number == "0" else os.O_WRONLY | os.O_APPEND
            opened = 1 if place == "=1" else os.open(place, flags)
            os.dup2(opened, int(number))
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them
            signal.signal(number, signal.SIG_DFL)
        os.execve(job["argv"][0], job["argv"], job["variables"])
    except OSError as error:
        os.write(tells, f"{error.errno or 0}:{error}".encode("utf-8", "replace"))
    finally:
        os._exit(127)


if __name__ == "__main__":
    main(sys.argv[1])
