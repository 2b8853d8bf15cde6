"""What only a clock or the number of a process changes, in real programs: equivalent, and named."""

import shutil
import time

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
