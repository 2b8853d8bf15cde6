"""What only a clock or the number of a process changes, in real programs: equivalent, and named."""

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.conftest import Anew

PRINTS_ITS_PROCESSES = """
import multiprocessing, os
def work(n):
    return os.getpid()
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        seen = pool.map(work, range(8), chunksize=4)
    print("main", os.getpid(), "tasks", len(seen))
    print(f"[{os.getpid()}] done 4096")
    open(f"log.{os.getpid()}.txt", "w").write("x")
"""
FEWEST, ROOM = 1000, 500  # ids of four digits are masked; so many a test uses at most


@pytest.fixture
def long_ids() -> None:
    """Use ids up until the next have four digits, on a machine that has begun to count anew too."""
    most = int(Path("/proc/sys/kernel/pid_max").read_text())
    for _ in range(FEWEST + 2 * ROOM):
        pid = os.fork()
        if not pid:
            os._exit(0)
        os.waitpid(pid, 0)
        if FEWEST <= pid < most - ROOM:
            return
    pytest.skip("ids of processes stay small here")


@pytest.mark.usefixtures("long_ids")
def test_a_program_that_prints_its_processes_is_equivalent(anew: Anew) -> None:
    anew.write("p.py", PRINTS_ITS_PROCESSES)
    anew("run", "python", "p.py")
    (anew.project / "p.py").unlink()
    verdict = anew.json("replay", "@1")
    assert verdict["verdict"] == "equivalent"
    said = {
        item["name"]: item["difference"]
        for item in verdict["items"]
        if item["verdict"] != "identical"
    }
    assert all("process id" in difference for difference in said.values())
    assert len(said) == 2


@pytest.mark.usefixtures("long_ids")
def test_in_a_clean_room_ids_are_small_and_still_no_difference(anew: Anew) -> None:
    anew.write("p.py", "import os\nprint('I am', os.getpid())\n")
    anew("run", "python", "p.py")
    done = anew("replay", "@1", "--isolate", check=None)
    assert "equivalent" in done.stdout + done.stderr or "could not" in done.stdout + done.stderr


def test_a_folder_named_by_the_clock_may_stand_in_its_files(anew: Anew) -> None:
    anew.write("run.py", "import os, time\nd = time.strftime('outputs/%Y-%m-%d/%H-%M-%S')\nos.makedirs(d)\n"
               "open(d + '/conf.yaml', 'w').write('dir: ' + os.path.abspath(d) + '\\nlr: 0.1\\n')\n")  # fmt: skip
    anew("run", "python", "run.py")
    shutil.rmtree(anew.project / "outputs")
    time.sleep(1.1)
    verdict = anew.json("replay", "@1")
    assert verdict["verdict"] == "equivalent"
    assert "path of the output" in verdict["items"][-1]["difference"]


TRACKER = """
import json, time
from datetime import datetime, timezone
now = time.time()
open("meta.yaml", "w").write(f"start_time: {int(now * 1000)}\\nstatus: done\\n")
open("loss", "w").write("".join(f"{int(time.time() * 1000)} {n / 7} {n}\\n" for n in range(3)))
json.dump({"at": datetime.now(timezone.utc).isoformat(), "t": now, "lr": 0.1}, open("run.json", "w"))
open("graph.gml", "w").write('Creator "x on ' + time.ctime() + '"\\nVersion 1\\n')
open("epoch.txt", "w").write(EPOCH)
"""


def test_times_that_a_tracker_writes_are_no_difference(anew: Anew) -> None:
    anew.write("track.py", TRACKER.replace("EPOCH", "'1700000000'"))
    anew("run", "python", "track.py")
    time.sleep(1.1)
    verdict = anew.json("replay", "@1")
    assert verdict["verdict"] == "equivalent"
    masked = {
        item["name"]
        for item in verdict["items"]
        if "time within the run" in (item["difference"] or "")
    }
    assert masked == {"meta.yaml", "loss", "run.json", "graph.gml"}


def test_a_time_that_is_data_diverges(anew: Anew) -> None:
    anew.write("track.py", TRACKER.replace("EPOCH", "str(int(now) - 86400)"))
    anew("run", "python", "track.py")
    time.sleep(1.1)
    verdict = anew.json("replay", "@1", check=10)
    assert [item["name"] for item in verdict["items"] if item["verdict"] == "diverged"] == [
        "epoch.txt"
    ]
