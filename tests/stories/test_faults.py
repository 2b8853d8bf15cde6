"""What goes wrong in life: kills, full disks, crowds. The program is unharmed, and nothing is lost."""

import os
import random
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ANEW, Anew, another_user

LOGS = """
import anew, time
for step in range(1000):
    anew.log({"loss": 1 / (step + 1)}, step=step)
    if step == 20:
        print("ready", flush=True)
    if step > 20:
        time.sleep(0.01)
"""


def whole(anew: Anew) -> None:
    """Check that the store and the ledger are whole, and that the next run is recorded."""
    anew("run", "python", "-c", "print(1)")
    assert anew("verify").returncode == 0


def test_failing_program_is_recorded_as_failed(anew: Anew) -> None:
    anew.write("fail.py", "import sys\nopen('part.txt', 'w').write('x')\nsys.exit(3)")
    anew("run", "fail.py", check=3)
    shown = anew.json("show", "@1")
    assert (shown["status"], shown["outcome"]["exit_code"]) == ("failed", 3)
    assert [output["path"] for output in shown["outcome"]["outputs"]] == ["part.txt"]


def test_what_was_logged_before_kill_9_of_the_program_is_there(anew: Anew) -> None:
    anew.write("log.py", LOGS + "\n")
    anew.write(
        "suicide.py",
        LOGS.replace(
            "if step > 20:",
            "if step == 30:\n        import os; os.kill(os.getpid(), 9)\n    if step > 20:",
        ),
    )
    anew("run", "suicide.py", check=137)
    shown = anew.json("show", "@1")
    assert shown["outcome"]["signal"] == 9
    assert shown["outcome"]["metrics"]["loss"]["count"] == 31


def kill_group(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_everything_killed_shows_as_interrupted_with_what_was_logged(anew: Anew) -> None:
    anew.write("log.py", LOGS)
    process = anew.start("run", "log.py", start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    kill_group(process)
    (run,) = anew.json("ls")["runs"]
    shown = anew.json("show", run["id"])

    assert shown["status"] == "interrupted"
    assert shown["outcome"]["metrics"]["loss"]["count"] >= 21
    whole(anew)


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_a_random_moment_loses_nothing(anew: Anew, seed: int) -> None:
    anew.write("data.txt", "x" * 500_000)
    anew.write(
        "work.py",
        "import time\nopen('out.txt', 'w').write(open('data.txt').read())\nprint('done', flush=True)\ntime.sleep(0.1)",
    )
    anew("run", "work.py")
    process = anew.start("run", "work.py", start_new_session=True)
    time.sleep(random.Random(seed).uniform(0.02, 0.9))
    kill_group(process)
    runs = anew.json("ls")["runs"]

    assert {run["status"] for run in runs} <= {"finished", "interrupted"}
    assert (anew.project / "data.txt").read_text() == "x" * 500_000
    assert anew.json("replay", runs[-1]["id"])["verdict"] == "identical"
    whole(anew)


def test_sealing_that_was_cut_off_is_finished_from_the_spool(anew: Anew) -> None:
    for number in range(3000):
        anew.write(f"data/{number}.txt", str(number) * 50)
    anew.write(
        "read.py",
        "import glob\nprint(sum(len(open(p).read()) for p in glob.glob('data/*')), flush=True)",
    )
    process = anew.start("run", "read.py", start_new_session=True)
    spools = anew.store / "spool"
    while not list(spools.glob("*/exit.json")):
        assert process.poll() is None
        time.sleep(0.002)
    kill_group(process)
    (run,) = anew.json("ls")["runs"]
    assert run["status"] == "finished"
    assert anew.json("show", run["id"])["recipe"]["inputs"].__len__() >= 3000
    assert list(spools.iterdir()) == []
    whole(anew)


def test_term_while_sealing_leaves_a_run_that_can_be_sealed(anew: Anew) -> None:
    for number in range(3000):
        anew.write(f"data/{number}.txt", str(number) * 50)
    anew.write(
        "read.py",
        "import glob\nprint(sum(len(open(p).read()) for p in glob.glob('data/*')), flush=True)",
    )
    process = anew.start("run", "read.py")
    while not list((anew.store / "spool").glob("*/exit.json")):
        assert process.poll() is None
        time.sleep(0.002)
    process.terminate()
    process.communicate()
    (run,) = anew.json("ls")["runs"]
    assert run["status"] == "finished"
    whole(anew)


def test_two_runs_at_once_in_one_folder(anew: Anew) -> None:
    anew.write(
        "work.py",
        "import sys, time\ntime.sleep(0.3)\nopen(sys.argv[1], 'w').write(sys.argv[1])\nprint(sys.argv[1])",
    )
    processes = [anew.start("run", "work.py", name) for name in ("a.txt", "b.txt")]
    for process in processes:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    runs = anew.json("ls")["runs"]
    assert len(runs) == 2
    whole(anew)


def test_fifty_runs_started_together_are_all_sealed(anew: Anew) -> None:
    processes = [anew.start("run", "python", "-c", f"print({n})") for n in range(50)]
    for process in processes:
        process.communicate(timeout=300)
        assert process.returncode == 0
    runs = anew.json("ls", "--limit", "100")["runs"]
    assert len(runs) == 50
    assert {run["status"] for run in runs} == {"finished"}
    assert anew("verify").returncode == 0


def test_read_only_project(anew: Anew) -> None:
    """Root writes everywhere, so for root it is another user who runs."""
    anew.write("read.py", "print(open('read.py').read()[:5])")
    anew.project.chmod(0o555)
    user = another_user(anew)
    done = anew("run", "read.py", **user)
    assert done.stdout == "print\n"
    assert anew.json("replay", "@1", **user)["verdict"] == "identical"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)],
        check=False,
        capture_output=True,
    )
    if done.returncode != 0:
        pytest.skip("a small disk can be made by root only")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_store_on_a_full_disk_lets_the_program_finish(anew: Anew, small_disk: Path) -> None:
    anew.write(
        "big.py", "import os\nopen('out.bin', 'wb').write(os.urandom(20 << 20))\nprint('finished')"
    )
    done = anew("run", "big.py", environ={"ANEW_HOME": str(small_disk / "store")})
    assert done.stdout == "finished\n"
    runs = anew.json("ls", environ={"ANEW_HOME": str(small_disk / "store")})["runs"]
    assert [run["status"] for run in runs] == ["incomplete"]


def test_closed_stdout_and_stderr_of_ours(anew: Anew) -> None:
    script = f'exec {shlex.join(ANEW)} run python -c \'open("x", "w").write("1")\' >&- 2>&-'
    done = subprocess.run(["sh", "-c", script], cwd=anew.project, env=anew.variables(), check=False)
    assert done.returncode == 0
    assert (anew.project / "x").read_text() == "1"


def test_foreign_locale_and_time_zone(anew: Anew) -> None:
    anew.write("say.py", "print('ä€')")
    environ = {
        "LC_ALL": "C",
        "TZ": "Asia/Tokyo",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "latin-1:replace",
    }
    anew("run", "say.py", environ=environ)
    assert anew.json("replay", "@1")["verdict"] == "identical"


def test_what_went_to_a_file_without_a_name_is_a_gap(anew: Anew) -> None:
    script = f"exec >log; rm log; {shlex.join(ANEW)} run python -c 'print(1)'"
    subprocess.run(["sh", "-c", script], cwd=anew.project, env=anew.variables(),
                   stderr=subprocess.PIPE, check=True)  # fmt: skip
    coverage = anew.json("show", "@1")["coverage"]
    assert [gap["aspect"] for gap in coverage["gaps"]] == ["console"]
    assert coverage["held"] < coverage["seen"]
    done = anew("replay", "@1", check=11)
    assert "inconclusive" in done.stdout


def test_another_file_under_the_name_of_its_log_is_not_what_it_said(anew: Anew) -> None:
    script = f"exec >log; rm log; echo other >log; {shlex.join(ANEW)} run python -c 'print(1)'"
    subprocess.run(["sh", "-c", script], cwd=anew.project, env=anew.variables(),
                   stderr=subprocess.PIPE, check=True)  # fmt: skip
    assert "went to a file without a name" in anew("show", "@1", "--coverage").stdout
    assert "stdout is not kept" in anew("logs", "@1", check=20).stderr
