"""`anew run` leaves the program alone: streams, exit, signals, working directory."""

import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import ANEW, Anew


def test_output_goes_through_byte_for_byte(anew: Anew) -> None:
    anew.write(
        "say.py",
        "import sys\nsys.stdout.buffer.write(bytes(range(256)) * 50)\nsys.stderr.write('x\\n')",
    )
    done = subprocess.run(
        [*ANEW, "run", "say.py"],
        cwd=anew.project,
        env=anew.variables(),
        capture_output=True,
        check=True,
    )

    assert done.stdout == bytes(range(256)) * 50
    assert done.stderr.startswith(b"x\nanew: run ")


def test_exit_code_is_the_program_s(anew: Anew) -> None:
    assert anew("run", "sh", "-c", "exit 37", check=37).stderr.startswith("anew: run ")


def test_death_by_a_signal_is_passed_on(anew: Anew) -> None:
    anew("run", "sh", "-c", "kill -TERM $$", check=128 + signal.SIGTERM)
    done = anew("run", "sh", "-c", "kill -INT $$", check=None)
    assert done.returncode == -signal.SIGINT


def test_program_that_is_not_there_is_127(anew: Anew) -> None:
    done = anew("run", "no-such-program", check=127)
    assert "no-such-program" in done.stderr
    assert all(line.startswith("anew: ") for line in done.stderr.splitlines())
    assert anew("run", "nowhere.py", check=127).stderr.count("nowhere.py") >= 1


def test_program_that_may_not_be_executed_is_126(anew: Anew) -> None:
    anew.write("data.txt", "no program")
    anew("run", "./data.txt", check=126)


def test_working_directory_is_the_user_s(anew: Anew) -> None:
    (anew.project / "sub").mkdir()
    done = anew("run", "sh", "-c", "pwd", cwd=anew.project / "sub")
    assert done.stdout == f"{anew.project / 'sub'}\n"


def test_stdin_reaches_the_program(anew: Anew) -> None:
    assert anew("run", "cat", input="one\ntwo\n").stdout == "one\ntwo\n"


def test_stdin_of_a_pipe_that_the_program_does_not_read_is_left(anew: Anew) -> None:
    script = f'printf "a\\nb\\nc\\n" | while read x; do {shlex.join(ANEW)} run sh -c "echo got $x" 2>/dev/null; done'
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=anew.project,
        env=anew.variables(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "got a\ngot b\ngot c\n"


def test_streams_that_are_files_are_the_program_s_own(anew: Anew, tmp_path: Path) -> None:
    anew.write(
        "ask.py",
        "import os, sys\nprint(os.path.realpath('/proc/self/fd/1'), file=sys.stderr)\nprint('out')",
    )
    with (tmp_path / "out.txt").open("w") as out:
        done = subprocess.run(
            [*ANEW, "run", "ask.py"],
            cwd=anew.project,
            env=anew.variables(),
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
    assert done.stderr.splitlines()[0] == str(tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text() == "out\n"


def test_reader_that_goes_away_ends_the_program_as_usual(anew: Anew) -> None:
    anew.write("many.py", "for i in range(10**7): print(i)")
    script = f"{shlex.join(ANEW)} run many.py | head -1"
    started = time.monotonic()
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=anew.project,
        env=anew.variables(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "0\n"
    assert "BrokenPipeError" in done.stderr
    assert time.monotonic() - started < 60


def test_100_megabytes_of_output_go_through_and_are_held(anew: Anew) -> None:
    anew.write(
        "big.py",
        "import sys\nfor _ in range(100): sys.stdout.buffer.write(b'0123456789abcde\\n' * 65536)",
    )
    done = subprocess.run(
        [*ANEW, "run", "big.py"],
        cwd=anew.project,
        env=anew.variables(),
        capture_output=True,
        check=True,
    )
    assert len(done.stdout) == 100 << 20
    (stream,) = (s for s in anew.json("show", "@1")["outcome"]["console"] if s["name"] == "stdout")
    assert (stream["size"], stream["kept"]) == (100 << 20, "value")


def test_program_that_closes_its_streams_ends_as_usual(anew: Anew) -> None:
    anew.write(
        "close.py",
        "import os, sys\nprint('before', flush=True)\nos.close(1)\nos.close(2)\nopen('done.txt', 'w').write('yes')",
    )
    assert anew("run", "close.py", check=None).stdout == "before\n"
    assert (anew.project / "done.txt").read_text() == "yes"


def test_our_line_starts_on_a_new_line(anew: Anew) -> None:
    done = anew("run", "sh", "-c", "printf unfinished >&2")
    assert done.stderr.startswith("unfinished\nanew: run ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_signal_sent_to_us_reaches_the_program(anew: Anew, number: signal.Signals) -> None:
    anew.write(
        "wait.py",
        "import os, signal, time\n"
        f"signal.signal({int(number)}, lambda *_: (os.write(1, b'caught\\n'), os._exit(5)))\n"
        "print('ready', flush=True)\ntime.sleep(60)",
    )
    process = anew.start("run", "wait.py")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (out, process.returncode) == ("caught\n", 5), err


def test_program_goes_on_and_is_heard_when_we_are_killed(anew: Anew) -> None:
    anew.write(
        "slow.py", "import time\nfor i in range(4):\n    print(i, flush=True)\n    time.sleep(0.5)"
    )
    process = anew.start("run", "slow.py", stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline() == "0\n"
    process.kill()
    assert process.communicate()[0] == "1\n2\n3\n"
    time.sleep(0.5)
    (run,) = anew.json("ls")["runs"]
    assert run["status"] == "finished"


def test_stderr_and_stdout_on_one_pipe_keep_their_order(anew: Anew) -> None:
    anew.write(
        "mix.py",
        "import sys\nfor i in range(200):\n    print(i, flush=True)\n    print(-i, file=sys.stderr, flush=True)",
    )
    done = subprocess.run(
        [*ANEW, "run", "mix.py"],
        cwd=anew.project,
        env=anew.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    lines = [line for line in done.stdout.splitlines() if not line.startswith("anew: ")]
    assert lines == [str(n) for i in range(200) for n in (i, -i)]


def test_umask_and_variables_are_the_user_s(anew: Anew) -> None:
    anew.write(
        "show.py",
        "import os\nprint(sorted(n for n in os.environ if 'ANEW' in n or n == 'PYTHONPATH'), os.environ['MINE'])",
    )
    assert anew("run", "show.py", environ={"MINE": "x y"}).stdout == "[] x y\n"


def test_names_with_spaces_newlines_and_other_bytes(anew: Anew) -> None:
    name = os.fsdecode(b"a b\n\xff.txt")
    anew.write("names.py", f"open({name!r}, 'w').write('x'); print(open({name!r}).read())")
    anew("run", "names.py")
    (output,) = anew.json("show", "@1")["outcome"]["outputs"]
    assert output["path"] == name


def test_program_that_could_not_be_started_leaves_no_run(anew: Anew) -> None:
    anew.write("broken.sh", "#!/no/such/interpreter\n").chmod(0o755)
    anew("run", "./broken.sh", check=127)
    assert anew.json("ls", "--all")["runs"] == []
    assert list((anew.store / "spool").iterdir()) == []


def test_seeds_are_spoken_of_where_python_took_part(anew: Anew) -> None:
    assert "seeds fixed" in anew("run", "python", "-c", "pass").stderr
    assert "seeds free" in anew("run", "--no-seed", "python", "-c", "pass").stderr
    assert "seeds" not in anew("run", "echo", "hi").stderr
