"""`--trace=full` under stress: threads, forks, signals, a full disk, whoever of us is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Anew
from tests.stories.tracing import comes_back, compiled, gaps, inputs, outputs, run

SEARCHES = """
#include <fcntl.h>
#include <stdio.h>
int main(void) {
    char path[200];
    for (int i = 0; i < 40000; i++) {
        sprintf(path, "nothing/is/here/and/the/name/is/long/so/that/there/is/soon/no/room/%d", i);
        if (open(path, O_RDONLY) >= 0) return 9;
    }
    return 0;
}
"""
THREADS = """
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void *work(void *number) {
    char path[64], text[64];
    for (int i = 0; i < 50; i++) {
        sprintf(path, "many/%ld-%d", (long)number, i);
        int in = open(path, O_RDONLY), size = read(in, text, sizeof text);
        close(in);
        sprintf(path, "made/%ld-%d", (long)number, i);
        int out = open(path, O_WRONLY | O_CREAT, 0644);
        if (write(out, text, size) != size) _exit(9);
        close(out);
    }
    return NULL;
}
int main(void) {
    pthread_t threads[16];
    for (long i = 0; i < 16; i++) pthread_create(&threads[i], NULL, work, (void *)i);
    for (int i = 0; i < 16; i++) pthread_join(threads[i], NULL);
    return 0;
}
"""
STORM = """
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
    for (int i = 0; i < 1000; i++) {
        if (!fork()) {
            char text[64];
            int in = open("in.txt", O_RDONLY), out = open("out.txt", O_WRONLY | O_CREAT | O_APPEND, 0644);
            _exit(read(in, text, 1) != 1 || write(out, text, 1) != 1);
        }
        if (i % 20 == 19) while (wait(NULL) > 0);
    }
    while (wait(NULL) > 0);
    return 0;
}
"""
SIGNALS = """
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>
static volatile int rang;
static void ring(int number) { rang++; }
int main(void) {
    struct sigaction action = {.sa_handler = ring, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 50}, {0, 50}};
    char path[64];
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 3000; i++) {
        sprintf(path, "out-%d", i % 10);
        int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (out < 0 || write(out, path, 5) != 5 || close(out)) return 9;
        if (i % 10 == 9 && (rename("out-9", "out-8") || unlink("out-7"))) return 8;
    }
    return !rang;
}
"""
SLOW = """
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
    char path[64];
    for (int i = 0; i < 200; i++) {
        sprintf(path, "step-%d", i);
        int out = open(path, O_WRONLY | O_CREAT, 0644);
        if (out < 0) { FILE *why = fdopen(2, "w"); fprintf(why, "open failed"); return 9; }
        write(out, path, 4);
        close(out);
        usleep(10000);
    }
    close(open("finished", O_WRONLY | O_CREAT, 0644));
    return 0;
}
"""


def test_threads_of_a_static_program_lose_nothing(full: Anew) -> None:
    program = compiled(full, "-static", "-pthread", source=THREADS)
    (full.project / "made").mkdir()
    for thread in range(16):
        for number in range(50):
            full.write(f"many/{thread}-{number}", f"{thread} {number}")
    run(full, program)
    assert len(inputs(full)) == len(outputs(full)) == 16 * 50
    assert gaps(full) == []
    comes_back(full)


def test_thousand_forks_of_a_static_program(full: Anew) -> None:
    program = compiled(full, "-static", source=STORM)
    run(full, program)
    assert (full.project / "out.txt").read_text() == "o" * 1000
    assert gaps(full) == []
    assert len([each for each in full.json("show", "a")["processes"] if each["forked"]]) == 1000
    comes_back(full)


def test_thousand_forks_where_few_files_may_be_open(full: Anew) -> None:
    program = compiled(full, "-static", source=STORM)
    script = 'ulimit -n 24; exec "$0" -m anew run --trace=full --name a -- "$1"'
    subprocess.run(["sh", "-c", script, sys.executable, program], cwd=full.project,
                   env=full.variables(), check=True, capture_output=True)  # fmt: skip
    assert (full.project / "out.txt").read_text() == "o" * 1000
    assert gaps(full) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can be made by root only")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_full_disk_is_a_gap_and_slows_nobody_to_a_crawl(full: Anew, small_disk: Path) -> None:
    full.environ["ANEW_HOME"] = str(small_disk)
    run(full, compiled(full, "-static", source=SEARCHES))
    assert any("there was no room for" in each for each in gaps(full))
    assert full.json("show", "a")["outcome"]["duration_s"] < 10


def test_signals_in_the_middle_of_calls_change_nothing(full: Anew) -> None:
    program = compiled(full, "-static", source=SIGNALS)
    run(full, program)
    assert gaps(full) == []
    comes_back(full)


def test_killed_program_is_recorded_up_to_then(full: Anew) -> None:
    program = compiled(full, "-static", source=SLOW)
    full(
        "run", "--trace=full", "--name", "a", "--", "sh", "-c", f"{program} & sleep .5; kill -9 $!"
    )
    assert 3 < len(outputs(full)) < 200


def processes_of(run: subprocess.Popen[str]) -> dict[str, int]:
    """Return the processes below `anew run`, by what they are."""
    found: dict[str, int] = {"anew": run.pid}
    until = time.monotonic() + 20
    while time.monotonic() < until and not {"supervisor", "relief", "program"} <= found.keys():
        time.sleep(0.05)
        for each in children(run.pid):
            found["supervisor"] = each
            for below in children(each):
                try:
                    name = Path(f"/proc/{below}/comm").read_text().strip()
                except OSError:
                    continue
                if name in ("anew-relief", "program"):
                    found[name.removeprefix("anew-")] = below
    return found


def children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


@pytest.mark.parametrize("who", ["anew", "supervisor", "relief"])
def test_program_goes_on_whoever_of_us_is_killed(full: Anew, who: str) -> None:
    program = compiled(full, "-static", source=SLOW)
    started = full.start("run", "--trace=full", "--name", "a", "--", program)
    found = processes_of(started)
    os.kill(found[who], signal.SIGKILL)
    until = time.monotonic() + 30
    while not (full.project / "finished").exists() and time.monotonic() < until:
        time.sleep(0.05)
    started.communicate(timeout=30)

    assert (full.project / "finished").exists()
    assert len(list(full.project.glob("step-*"))) == 200
    while os.path.exists(f"/proc/{found['program']}/exe") and time.monotonic() < until:
        time.sleep(0.05)
    full("seal", "a", check=None)
    if who == "relief":
        assert gaps(full) == []
        assert len(outputs(full)) == 201
    elif who == "supervisor":
        assert any("killed" in each or "saw how" in each for each in gaps(full))
