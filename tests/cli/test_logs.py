"""`anew logs` prints what a run wrote."""

import shlex
import subprocess
import time

from tests.cli.conftest import check
from tests.conftest import ANEW, Anew


def test_bytes_of_a_stream_come_back_exactly(anew: Anew) -> None:
    anew.write(
        "say.py",
        "import sys\nsys.stdout.buffer.write(bytes(range(256)) * 1000)\nsys.stderr.write('no\\n')",
    )
    subprocess.run(
        [*ANEW, "run", "say.py"],
        cwd=anew.project,
        env=anew.variables(),
        capture_output=True,
        check=True,
    )
    out = subprocess.run(
        [*ANEW, "logs", "@1"],
        cwd=anew.project,
        env=anew.variables(),
        capture_output=True,
        check=True,
    )
    assert out.stdout == bytes(range(256)) * 1000
    assert out.stderr == b""
    assert anew("logs", "@1", "--stderr").stdout == "no\n"
    document = check(anew.json("logs", "@1"))
    sizes = {each["name"]: each["size"] for each in document["streams"]}
    assert sizes == {"stdout": 256_000, "stderr": 3}


def test_streams_that_were_one_say_so(anew: Anew) -> None:
    anew.write("say.py", "import sys\nprint('out', flush=True)\nprint('err', file=sys.stderr)")
    subprocess.run(
        [*ANEW, "run", "say.py"], cwd=anew.project, env=anew.variables(), check=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert anew("logs", "@1").stdout == "out\nerr\n"
    done = anew("logs", "@1", "--stderr")
    assert done.stdout == "out\nerr\n"
    assert "these are both" in done.stderr
    assert [each["name"] for each in check(anew.json("logs", "@1"))["streams"]] == ["console"]


def test_a_reader_that_stops_is_no_fault(anew: Anew) -> None:
    anew("run", "python", "-c", "print('x' * 5_000_000)")
    done = subprocess.run(
        f"{shlex.join(ANEW)} logs @1 | head -c 3", shell=True, cwd=anew.project, env=anew.variables(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "xxx"
    assert "Traceback" not in done.stderr


def test_a_running_run_is_read_as_far_as_it_is_and_followed(anew: Anew) -> None:
    anew.write("slow.py", "print('one', flush=True); input(); print('two', flush=True)")
    process = anew.start("run", "slow.py", stdin=-1)
    assert process.stdout is not None
    assert process.stdout.readline() == "one\n"
    assert anew("logs", "@1").stdout == "one\n"
    assert check(anew.json("logs", "@1"))["status"] == "running"
    follower = anew.start("logs", "@1", "--follow")
    assert follower.stdout is not None
    assert follower.stdout.readline() == "one\n"
    process.communicate("x\n", timeout=60)
    out, err = follower.communicate(timeout=60)
    assert (out, err, follower.returncode) == ("two\n", "", 0)


def test_a_log_is_not_written_into_itself(anew: Anew) -> None:
    log = anew.project / "log.txt"
    anew.write("slow.py", "print('one', flush=True); input()")
    with log.open("a") as file:
        process = anew.start("run", "slow.py", stdin=-1, stdout=file)
        while "one" not in log.read_text():
            time.sleep(0.05)
        done = anew("logs", "@1", stdout=file, capture_output=False, stderr=-1, check=2)
    assert "very file" in done.stderr
    assert anew("logs", "@1").stdout == "one\n"
    process.communicate("x\n", timeout=60)
    assert log.read_text() == "one\n"


def test_a_silent_run_says_so(anew: Anew) -> None:
    anew("run", "true", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, capture_output=False)
    done = anew("logs", "@1")
    assert (done.stdout, "wrote nothing" in done.stderr) == ("", True)
    assert check(anew.json("logs", "@1"))["streams"] == []
