"""Relative names, wherever the program goes: each is told as what it meant when it was opened."""

import shutil
import subprocess
from pathlib import Path

import pytest

from anew.execute.preload import library
from tests.conftest import Anew

COMPILER = shutil.which("cc") or shutil.which("gcc")
# Each case begins in the project, where many names were opened just before, and reads `in.txt`
# last: the working directory is one that is known, and then another.
HEAD = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
static int sees(const char *name) {
    char text[16] = "";
    int file = open(name, O_RDONLY);
    if (file < 0 || read(file, text, 15) < 0) abort();
    close(file);
    return text[0];
}
static void warm(const char *place) {
    char path[64];
    for (int i = 0; i < 40; i++) sprintf(path, "%swarm/%d", place, i), sees(path);
}
CASE
int main(void) {
    warm("");
    go();
    return 0;
}
"""
CASES = {
    "goes into a folder": 'static void go(void) { chdir("a"); sees("in.txt"); }',
    "goes there and back": 'static void go(void) { chdir("b"); sees("in.txt"); chdir(".."); sees("a/in.txt"); }',
    "by a descriptor": 'static void go(void) { fchdir(open("a", O_RDONLY)); sees("in.txt"); }',
    "in a fork": """
static void go(void) {
    if (!fork()) { chdir("a"); warm("../"); sees("in.txt"); _exit(0); }
    wait(NULL);
    sees("b/in.txt");
}""",
    "in a child that shares memory": """
static void go(void) {
    if (!vfork()) { chdir("a"); sees("in.txt"); _exit(0); }
    wait(NULL);
    warm("");
    sees("b/in.txt");
}""",
    "while another thread looks": """
static volatile int stop;
static void *look(void *none) { while (!stop) warm(""); return none; }
static void go(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, look, NULL);
    for (int i = 0; i < 50; i++)
        if (!vfork()) { chdir("a"); sees("in.txt"); _exit(0); } else wait(NULL);
    stop = 1;
    pthread_join(thread, NULL);
}""",
    "in a thread of its own": """
static void *work(void *none) {
    if (unshare(CLONE_FS)) abort();
    chdir("a");
    sees("in.txt");
    return none;
}
static void go(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    pthread_join(thread, NULL);
    warm("");
    sees("b/in.txt");
}""",
    "as a daemon": """
static void go(void) {
    char here[2048], name[4096];
    if (!getcwd(here, sizeof here) || daemon(0, 1)) abort();
    sprintf(name, "%s/a/in.txt", here + 1);
    sees(name);
}""",
    "in a walk of libc": """
static int each(const char *path, const struct stat *state, int kind, struct FTW *at) {
    if (kind == FTW_F && !strcmp(path + at->base, "in.txt")) sees("in.txt");
    return 0;
}
static void go(void) { nftw("a", each, 8, FTW_CHDIR); warm(""); }""",
    "the folder gets another name": """
static void go(void) {
    chdir("c");
    warm("../");
    rename("../c", "../a2");
    sees("in.txt");
}""",
    "a child gives it another name": """
static void go(void) {
    chdir("c");
    warm("../");
    if (!fork()) { execlp("mv", "mv", "../c", "../a2", NULL); abort(); }
    wait(NULL);
    sees("in.txt");
}""",
    "a signal comes in between": """
static void handle(int number) { (void)number; warm(""); }
static void go(void) {
    signal(SIGUSR1, handle);
    chdir("a");
    symlink("../warm", "warm");
    raise(SIGUSR1);
    sees("in.txt");
}""",
}


@pytest.fixture
def program(anew: Anew, tmp_path: Path) -> Anew:
    if library(tmp_path / "cache") is None:
        pytest.skip("Anew was built without its C library")
    if COMPILER is None:
        pytest.skip("there is no C compiler")
    for number in range(40):
        anew.write(f"warm/{number}", str(number))
    for name in "abc":
        anew.write(f"{name}/in.txt", name)
    return anew


@pytest.mark.parametrize("case", CASES)
def test_relative_names_are_told_as_what_they_meant(program: Anew, case: str) -> None:
    program.write("go.c", HEAD.replace("CASE", CASES[case]))
    subprocess.run(
        [COMPILER or "cc", "-w", "-pthread", "-o", "go", "go.c"], cwd=program.project, check=True
    )
    program("run", "--", "./go")

    record = program.json("show", "@1")
    read = {each["path"] for each in record["recipe"]["inputs"] if each["kind"] == "file"}
    expected = {f"{name}/in.txt" for name in "abc" if f"{name}/in" in CASES[case]}
    if "c/in.txt" not in expected:
        chosen = "c" if "name" in case else "b" if "back" in case else "a"
        expected.add(f"{chosen}/in.txt")
    assert {path for path in read if path.endswith("in.txt")} == expected
    assert record["coverage"]["gaps"] == []
