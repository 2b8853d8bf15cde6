"""The library under stress: nothing lost, nothing broken, no line but ours on stderr.

`ANEW_STRESS=full` takes the sizes that docs/capture.md speaks of.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from anew.execute.preload import library
from tests.conftest import Anew

FULL = os.environ.get("ANEW_STRESS") == "full"
OPENS = 1_000_000 if FULL else 20_000
FORKS = 5_000 if FULL else 300
PROCESSES = 10_000 if FULL else 150
ALARMS = 20_000 if FULL else 1_000
COMPILER = shutil.which("cc") or shutil.which("gcc")
SOURCE = Path(__file__).parents[2] / "src"
HEAD = """
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
static int opened(const char *form, int number) {
    char path[64];
    sprintf(path, form, number);
    int file = open(path, O_RDONLY);
    return file < 0 ? -1 : close(file);
}
"""
ONE_FILE = """
static void *work(void *count) {
    for (long i = 0; i < (long)count; i++) if (opened("many/0", 0)) abort();
    return NULL;
}
int main(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, work, (void *)(long)(COUNT / 4));
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    return 0;
}"""
FORKED = """
int main(void) {
    int failed = 0, status;
    for (int i = 0; i < COUNT; i++) {
        while (fork() == 0) _exit(opened("many/%d", i) != 0);
        if (i % 50 == 49) while (wait(&status) > 0) failed |= status;
    }
    while (wait(&status) > 0) failed |= status;
    return failed != 0;
}"""
IN_HANDLERS = """
static volatile int number;
static void handle(int signal) { (void)signal; int saved = errno; opened("many/%d", number++ % 100); errno = saved; }
int main(void) {
    struct itimerval often = {{0, 200}, {0, 200}};
    signal(SIGALRM, handle);
    setitimer(ITIMER_REAL, &often, NULL);
    while (number < COUNT) opened("many/%d", 100 + number % 50);
    return 0;
}"""


@pytest.fixture
def seen(anew: Anew, tmp_path: Path) -> Anew:
    if library(tmp_path / "cache") is None:
        pytest.skip("Anew was built without its C library")
    (anew.project / "many").mkdir()
    return anew


def make(anew: Anew, count: int) -> set[str]:
    names = {f"many/{number}" for number in range(count)}
    for name in names:
        (anew.project / name).write_text(name)
    return names


def compiled(anew: Anew, source: str, count: int) -> str:
    if COMPILER is None:
        pytest.skip("there is no C compiler")
    anew.write("stress.c", HEAD + source.replace("COUNT", str(count)))
    subprocess.run([COMPILER, "-pthread", "-o", "stress", "stress.c"], cwd=anew.project, check=True)
    return "./stress"


def held(anew: Anew, *words: str, **options: object) -> set[str]:
    done = anew("run", "--", *words, timeout=3600, **options)
    assert [line for line in done.stderr.splitlines() if not line.startswith("anew: ")] == []
    document = anew.json("show", "@1")
    assert document["coverage"]["gaps"] == []
    return {each["path"] for each in document["recipe"]["inputs"] if each["kind"] == "file"}


def test_one_file_opened_very_often_is_told_once(seen: Anew) -> None:
    names = make(seen, 1)
    assert held(seen, compiled(seen, ONE_FILE, OPENS)) == names


def test_a_storm_of_forks_loses_nothing(seen: Anew) -> None:
    names = make(seen, FORKS)
    assert held(seen, compiled(seen, FORKED, FORKS)) == names


def test_calls_in_signal_handlers_lose_nothing(seen: Anew) -> None:
    names = make(seen, 150)
    assert held(seen, compiled(seen, IN_HANDLERS, ALARMS)) == names


def test_many_short_processes_lose_nothing(seen: Anew) -> None:
    names = make(seen, PROCESSES)
    text = "i=0; while [ $i -lt $0 ]; do cat many/$i > /dev/null; i=$((i + 1)); done"
    assert held(seen, "sh", "-c", text, str(PROCESSES)) == names


def test_installed_at_a_path_with_a_space_and_a_colon(seen: Anew, tmp_path: Path) -> None:
    place = tmp_path / "a b:c" / "anew home"
    shutil.copytree(SOURCE / "anew", place / "anew", ignore=shutil.ignore_patterns("__pycache__"))
    names = make(seen, 1)
    code = f"import sys; sys.path.insert(0, {str(place)!r}); from anew.cli.main import end; end()"
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "--", "sh", "-c", "cat many/0 | cat > out.txt"],
        cwd=seen.project, env=seen.variables(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert all(line.startswith("anew: ") for line in done.stderr.splitlines()), done.stderr
    found = seen.json("show", "@1")["recipe"]["inputs"]
    assert {each["path"] for each in found if each["kind"] == "file"} == names
