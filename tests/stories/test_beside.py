"""Large inputs are taken in while the program runs, at idle priority, and never wrongly."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anew.execute.preload import library
from anew.model.digest import digest_bytes
from tests.conftest import Anew

SIZE = 12 << 20
OLD = b"old!" * (SIZE // 4)
NEW = b"new!" * (SIZE // 4)
PATIENCE = 120.0  # on a busy machine there is little that nobody else wants
PROGRAM = """
import os, time
data = open("../large.bin", "rb").read()
open("read.txt", "w").write("1")
while not os.path.exists("go"):
    time.sleep(0.02)
AFTER
open("out.txt", "w").write(str(len(data)))
"""


@pytest.fixture
def large(anew: Anew, tmp_path: Path) -> Anew:
    if library(tmp_path / "cache") is None:
        pytest.skip("Anew was built without its C library")
    (tmp_path / "large.bin").write_bytes(OLD)
    anew("run", "--", sys.executable, "-c", "pass")  # the environment is read now, and not later
    return anew


def wait_until(true: Callable[[], object]) -> Any:
    until = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def idle(anew: Anew) -> list[int]:
    """Return the processes of Anew that take only what nobody else wants."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            of_ours = str(anew.home).encode() in Path(f"/proc/{name}/environ").read_bytes()
            if of_ours and os.sched_getscheduler(int(name)) == os.SCHED_IDLE:
                found.append(int(name))
        except OSError:
            continue
    return found


def started(anew: Anew, after: str = "") -> subprocess.Popen[str]:
    anew.write("slow.py", PROGRAM.replace("AFTER", after))
    return anew.start("run", "--", sys.executable, "slow.py", start_new_session=True)


def is_taken_in(anew: Anew) -> bool:
    return any((anew.store / "spool").glob("*/beside"))


def ended(anew: Anew, running: subprocess.Popen[str]) -> dict[str, Any]:
    anew.write("go", "")
    _, said = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0, said
    assert idle(anew) == []
    return anew.json("show", "@1")


def the_input(anew: Anew, shown: dict[str, Any]) -> dict[str, Any]:
    path = str(anew.project.parent / "large.bin")
    (found,) = [each for each in shown["recipe"]["inputs"] if each["path"] == path]
    return dict(found)


def test_what_is_taken_in_beside_is_not_read_again(large: Anew) -> None:
    running = started(large)
    (worker,) = wait_until(lambda: idle(large))
    assert os.getpriority(os.PRIO_PROCESS, worker) == 19
    wait_until(lambda: is_taken_in(large))
    shown = ended(large, running)
    assert shown["sealing"]["beside_b"] == SIZE
    assert shown["sealing"]["hashed_b"] < 1 << 20
    found = the_input(large, shown)
    assert (found["digest"], found["kept"]) == (str(digest_bytes(OLD)), "value")
    assert shown["coverage"]["gaps"] == []

    (large.project / "go").unlink()
    running = started(large)
    wait_until(lambda: is_taken_in(large))
    again = ended(large, running)
    assert again["sealing"]["beside_b"] == 0
    assert again["sealing"]["hashed_b"] < 1 << 20
    assert the_input(large, again)["digest"] == str(digest_bytes(OLD))


def test_what_the_run_writes_over_after_it_was_taken_in_is_held_as_it_was(large: Anew) -> None:
    running = started(large, 'open("../large.bin", "r+b").write(b"new!" * 9)')
    wait_until(lambda: is_taken_in(large))
    found = the_input(large, ended(large, running))
    assert found["digest"] == str(digest_bytes(OLD))
    assert found["proof"] == "preimage"


def test_what_a_neighbour_changes_after_it_was_taken_in_is_a_gap(large: Anew) -> None:
    running = started(large)
    wait_until(lambda: is_taken_in(large))
    (large.project.parent / "large.bin").write_bytes(NEW)
    shown = ended(large, running)
    assert the_input(large, shown)["digest"] is None
    assert "large.bin" in str(shown["coverage"]["gaps"])


def test_what_a_neighbour_changes_before_it_is_taken_in_is_a_gap(large: Anew) -> None:
    running = started(large)
    wait_until((large.project / "read.txt").exists)
    (large.project.parent / "large.bin").write_bytes(NEW)
    time.sleep(1.5)
    shown = ended(large, running)
    assert the_input(large, shown)["digest"] is None
    assert "large.bin" in str(shown["coverage"]["gaps"])


def test_a_run_whose_worker_is_killed_is_sealed_all_the_same(large: Anew) -> None:
    running = started(large)
    for pid in wait_until(lambda: idle(large)):
        os.kill(pid, signal.SIGKILL)
    shown = ended(large, running)
    assert the_input(large, shown)["digest"] == str(digest_bytes(OLD))
    assert shown["outcome"]["exit_code"] == 0
    assert shown["coverage"]["gaps"] == []


def test_a_worker_that_does_not_go_on_holds_nobody_up(large: Anew) -> None:
    running = started(large)
    for pid in wait_until(lambda: idle(large)):
        os.kill(pid, signal.SIGSTOP)
    shown = ended(large, running)
    assert the_input(large, shown)["digest"] == str(digest_bytes(OLD))


def test_an_interrupted_program_takes_its_worker_along(large: Anew) -> None:
    running = started(large)
    wait_until(lambda: idle(large))
    os.killpg(running.pid, signal.SIGINT)
    running.communicate(timeout=PATIENCE)
    assert idle(large) == []
    shown = large.json("show", "@1")
    assert shown["outcome"]["signal"] == signal.SIGINT or shown["outcome"]["exit_code"] != 0
    assert the_input(large, shown)["digest"] == str(digest_bytes(OLD))
    assert list((large.store / "tmp").iterdir()) == []


def test_a_killed_recorder_takes_its_worker_along(large: Anew) -> None:
    running = started(large)
    (worker,) = wait_until(lambda: idle(large))
    supervisor = int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(supervisor, signal.SIGKILL)
    wait_until(lambda: idle(large) == [])
    large.write("go", "")
    running.communicate(timeout=PATIENCE)


def test_it_can_be_switched_off(large: Anew) -> None:
    large.write("anew.toml", "[store]\nbeside = false\n")
    running = started(large)
    wait_until((large.project / "read.txt").exists)
    time.sleep(1.2)
    assert idle(large) == []
    shown = ended(large, running)
    assert shown["sealing"]["beside_b"] == 0
    assert shown["sealing"]["hashed_b"] >= SIZE


def test_a_full_disk_stops_it_and_not_the_program(large: Anew, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can be made by root only")
    try:
        large.environ["ANEW_HOME"] = str(disk / "store")
        running = started(large)
        wait_until(lambda: idle(large))
        wait_until(lambda: not idle(large) or any((disk / "store" / "spool").glob("*/beside")))
        large.write("go", "")
        _, said = running.communicate(timeout=PATIENCE)
        assert running.returncode == 0, said
        assert idle(large) == []
        assert [run["status"] for run in large.json("ls")["runs"]] == ["incomplete"]
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
