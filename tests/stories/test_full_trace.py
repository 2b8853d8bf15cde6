"""`--trace=full`: programs that no library can be loaded into are followed by their system calls."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from anew.execute import room_clean
from tests.conftest import Anew, another_user
from tests.stories.tracing import comes_back, compiled, gaps, inputs, outputs, run

INLINE = """
#include <fcntl.h>
static long call(long number, long a, long b, long c, long d) {
    long result;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}
int main(void) {
    char text[64];
    long in = call(257, AT_FDCWD, (long)"in.txt", O_RDONLY, 0);
    long out = call(257, AT_FDCWD, (long)"out.txt", O_WRONLY | O_CREAT, 0644);
    long size = call(0, in, (long)text, sizeof text, 0);
    return size < 1 || call(1, out, (long)text, size, 0) != size;
}
"""
RING = """
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
    struct io_uring ring;
    char text[64];
    int in, failed = io_uring_queue_init(8, &ring, 0);
    if (failed) {
        in = open("in.txt", O_RDONLY);
    } else {
        struct io_uring_cqe *done;
        struct io_uring_sqe *asked = io_uring_get_sqe(&ring);
        io_uring_prep_openat(asked, AT_FDCWD, "in.txt", O_RDONLY, 0);
        io_uring_submit(&ring);
        io_uring_wait_cqe(&ring, &done);
        in = done->res;
    }
    int size = read(in, text, sizeof text);
    int out = open("out.txt", O_WRONLY | O_CREAT, 0644);
    return size < 1 || write(out, text, size) != size;
}
"""
CHANGES = """
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static void put(const char *path, int flags, const char *text) {
    int out = open(path, O_WRONLY | flags, 0644);
    if (write(out, text, strlen(text)) < 0) _exit(9);
    close(out);
}
int main(void) {
    put("overwritten", O_TRUNC, "new");
    put("in place", 0, "N");
    put("appended", O_APPEND, "more");
    if (truncate("cut", 2)) return 1;
    if (rename("moved", "elsewhere") || rename("over", "covered")) return 2;
    if (unlink("gone") || link("linked", "other name") || symlink("linked", "soft")) return 3;
    if (mkdir("folder", 0755) || mkdir("empty", 0755) || rmdir("empty") || !rmdir("folder/x")) return 4;
    put("folder/made", O_CREAT | O_EXCL, "made");
    chmod("mode", 0600);
    if (!unlink("never there") || !rename("never there", "x") || open("cut", O_CREAT | O_EXCL) >= 0)
        return 5;
    return 0;
}
"""
LAUNCHER = """
#include <unistd.h>
int main(int count, char **words) { execv(words[1], words + 1); return 9; }
"""
CALLS = """
#include <arpa/inet.h>
#include <sys/socket.h>
int main(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(8123)};
    inet_pton(AF_INET, "192.0.2.7", &to.sin_addr);
    connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), (struct sockaddr *)&to, sizeof to);
    return 0;
}
"""


def of_a_single_program(anew: Anew, program: str) -> None:
    run(anew, program)
    assert gaps(anew) == []
    assert inputs(anew) == {"in.txt"}
    assert outputs(anew) == {"out.txt"}
    comes_back(anew)


BUILDS = {
    "static": ("-static",),
    "static, at any address": ("-static-pie",),
    "static by musl": ("musl-gcc", "-static"),
    "32-bit": ("-m32",),
    "32-bit, static": ("-m32", "-static"),
    "address sanitizer": ("-fsanitize=address",),
    "dynamic": (),
}


@pytest.mark.parametrize("build", BUILDS)
def test_program_that_takes_no_library_is_held(full: Anew, build: str) -> None:
    of_a_single_program(full, compiled(full, *BUILDS[build]))


def test_inline_system_calls_are_held(full: Anew) -> None:
    of_a_single_program(full, compiled(full, source=INLINE))


@pytest.mark.parametrize("options", [("-luring",), ("-static", "-luring")])
def test_io_uring_is_refused_and_what_is_done_instead_held(
    full: Anew, options: tuple[str, ...]
) -> None:
    of_a_single_program(full, compiled(full, *options, source=RING))


def test_go_program_is_held(full: Anew, tmp_path: Path) -> None:
    if shutil.which("go") is None:
        pytest.skip("there is no go")
    full.write("main.go", 'package main\nimport "os"\nfunc main() {\n'
               'text, _ := os.ReadFile("in.txt"); os.WriteFile("out.txt", text, 0644) }\n')  # fmt: skip
    environ = {**os.environ, "HOME": str(tmp_path), "GOCACHE": str(tmp_path / "cache"),
               "CGO_ENABLED": "0"}  # fmt: skip
    subprocess.run(["go", "build", "-o", "program", "main.go"], cwd=full.project, env=environ,
                   check=True, capture_output=True)  # fmt: skip
    (full.project / "main.go").unlink()
    of_a_single_program(full, "./program")


@pytest.mark.parametrize("script", [
    "cat < in.txt > out.txt", "while read line; do echo $line; done < in.txt > out.txt",
    "cat in.txt | tr a-z A-Z | sort > out.txt", "cp in.txt part; mv part out.txt",
    "cat *.txt > part; mv part out.txt", "dd if=in.txt of=out.txt 2>/dev/null",
    "/bin/cat in.txt > out.txt", "env -i /bin/cat in.txt > out.txt",
])  # fmt: skip
def test_static_shell_is_held(full: Anew, script: str) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("there is no busybox")
    shutil.copy(busybox, full.project / "busybox")
    run(full, "./busybox", "sh", "-c", script)
    assert gaps(full) == []
    assert inputs(full) == {"in.txt"}
    assert outputs(full) == {"out.txt"}
    comes_back(full)


def test_what_a_static_program_does_in_another_root_is_told_as_it_is_from_here(
    full: Anew, tmp_path: Path
) -> None:
    busybox = shutil.which("busybox")
    if busybox is None or os.geteuid():
        pytest.skip("needs busybox, and the administrator for chroot")
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(busybox, root / "busybox")
    shutil.copy(busybox, full.project / "busybox")
    (root / "in.txt").write_text("inside\n")
    (root / "link").symlink_to("in.txt")
    words = ["/busybox", "dd", "if=/link", "of=/out.txt"]
    run(full, "./busybox", "chroot", str(root), *words)
    assert gaps(full) == []
    assert f"{root}/in.txt" in inputs(full)
    assert outputs(full) == {f"{root}/out.txt"}
    shutil.rmtree(root)
    comes_back(full)


def test_replay_in_a_clean_room(full: Anew) -> None:
    if room_clean.why_impossible():
        pytest.skip("no clean room can be made here")
    run(full, "sh", "-c", f"{compiled(full, '-static')}; cat out.txt")
    shutil.rmtree(full.project)
    judged = full.json("replay", "a", "--isolate", cwd="/")
    assert judged["verdict"] == "identical"
    coverage = full.json("show", judged["run"], cwd="/")["coverage"]
    assert (coverage["trace"], coverage["gaps"]) == ("full", [])


def test_as_an_ordinary_user_nobody_takes_on_the_rights_of_another(full: Anew) -> None:
    if not os.access("/bin/su", os.X_OK):
        pytest.skip("there is no setuid program")
    user = another_user(full, full.project, full.project / "in.txt")
    program = compiled(full, "-static")
    words = ["sh", "-c", f"{program}; /bin/su --version > su.txt"]
    full("run", "--trace=full", "--name", "a", "--", *words, **user)
    (gap,) = full.json("show", "a", **user)["coverage"]["gaps"]
    assert gap["what"].startswith("/bin/su ran without the rights of another user")
    assert full.json("replay", "a", **user)["verdict"] == "identical"


def test_static_program_under_a_shell_is_held(full: Anew) -> None:
    program = compiled(full, "-static")
    run(full, "sh", "-c", f"cat in.txt; {program}; cat out.txt")
    assert gaps(full) == []
    ran = full.json("show", "a")["processes"]
    assert {"sh", "cat", "program"} <= {Path(each["argv"][0]).name for each in ran if each["argv"]}
    comes_back(full)


def test_processes_of_a_static_shell_are_told_with_what_each_touched(full: Anew) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("there is no busybox")
    shutil.copy(busybox, full.project / "busybox")
    run(full, "./busybox", "sh", "-c", "./busybox cat in.txt | ./busybox tr a-z A-Z > out.txt")
    shell, *others = full.json("show", "a")["processes"]
    assert shell["argv"][1:3] == ["sh", "-c"]
    by_name = {each["argv"][1]: each for each in others}
    assert by_name["cat"]["read"] == ["busybox", "in.txt"]
    assert by_name["tr"]["wrote"] == ["out.txt"]
    assert {each["parent"] for each in others} == {shell["number"]}
    assert by_name["cat"]["feeds"] == [by_name["tr"]["number"]]


@pytest.mark.parametrize("options", [("-static",), ("-m32",), ()])
def test_whom_such_a_program_calls_is_a_gap(full: Anew, options: tuple[str, ...]) -> None:
    run(full, compiled(full, *options, source=CALLS))
    (gap,) = gaps(full)
    assert gap.startswith("192.0.2.7:8123 was contacted")


def test_python_started_by_a_static_program_is_recorded_from_inside(full: Anew) -> None:
    program = compiled(full, "-static", source=LAUNCHER)
    full.write("train.py", "import random\nopen('out.txt', 'w').write(open('in.txt').read()"
               " + str(random.random()))\n")  # fmt: skip
    run(full, program, sys.executable, "train.py")
    assert gaps(full) == []
    assert {"in.txt"} <= inputs(full)
    assert full.json("show", "a")["recipe"]["environment"]["python"]
    comes_back(full)  # the same random number, too


def test_what_a_static_program_destroys_is_kept(full: Anew) -> None:
    program = compiled(full, "-static", source=CHANGES)
    old = ("overwritten", "in place", "appended", "cut", "moved", "over", "covered", "gone",
           "linked", "mode")  # fmt: skip
    for name in old:
        full.write(name, f"old bytes of {name}\n")
    run(full, program)

    assert gaps(full) == []
    assert {"in place", "appended", "cut", "moved", "over"} <= inputs(full)
    made = {"overwritten", "in place", "appended", "cut", "elsewhere", "covered", "folder/made"}
    assert made <= outputs(full)
    assert set(full.json("show", "a")["outcome"]["deleted"]) == {"moved", "over", "gone"}
    comes_back(full)
    full.project.mkdir()
    full("get", "a", "in place", "cut", "moved", "over", "--inputs", "-o", "back")
    for name in ("in place", "cut", "moved", "over"):
        assert (full.project / "back" / name).read_text() == f"old bytes of {name}\n"


def test_where_it_is_not_possible_the_run_says_why_and_goes_on(full: Anew) -> None:
    """Only one may be asked about the calls of a process: a run within a run finds that taken."""
    program = compiled(full, "-static")
    inside = [sys.executable, "-m", "anew", "run", "--trace=full", "--name", "b", "--", program]
    done = full("run", "--trace=full", "--name", "a", "--", *inside)
    assert (
        "not all programs are followed, as --trace=full asks: something else is asked"
        in done.stderr
    )
    assert (full.project / "out.txt").exists()
    within = full.json("show", "b")["coverage"]
    assert within["trace"] == "auto"
    what = [each["what"] for each in within["gaps"]]
    assert any("program" in each and "not" in each for each in what)
    assert any("--trace=full" in each for each in what)


def test_setuid_program_is_followed_or_runs_without_its_rights_and_that_is_said(full: Anew) -> None:
    if os.geteuid() or shutil.which("setpriv") is None:
        pytest.skip("only the administrator can make such a program")
    run(full, "sh", "-c", "setpriv --reuid=65534 --clear-groups /bin/su --version > out.txt")
    assert gaps(full) == []


def test_without_it_nothing_is_asked(full: Anew) -> None:
    program = compiled(full, "-static")
    full("run", "--name", "a", "--", "sh", "-c", f"{program}; grep Seccomp: /proc/self/status")
    assert "Seccomp:\t0" in full("logs", "a").stdout
    assert full.json("show", "a")["coverage"]["trace"] == "auto"
