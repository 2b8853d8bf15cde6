"""What programs do outside of Python: seen through the C library, each in a real program."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import anew as anew_package
from anew.execute.preload import library
from anew.probe import inject
from tests.conftest import Anew

COMPILER = shutil.which("cc") or shutil.which("gcc")
READS_AND_WRITES = """
#include <stdio.h>
int main(void) {
    char text[9] = "";
    FILE *in = fopen("in.txt", "r"), *out = fopen("out.txt", "w");
    if (!in || !out) return 9;
    fread(text, 1, 8, in);
    fputs(text, out);
    return fclose(out);
}
"""


@pytest.fixture
def native(anew: Anew, tmp_path: Path) -> Anew:
    if library(tmp_path / "cache") is None:
        pytest.skip("Anew was built without its C library")
    anew.write("in.txt", "one\n")
    return anew


def compiled(anew: Anew, *options: str, source: str = READS_AND_WRITES) -> str:
    if COMPILER is None:
        pytest.skip("there is no C compiler")
    anew.write("program.c", source)
    done = subprocess.run(
        [COMPILER, *options, "-o", "program", "program.c"],
        cwd=anew.project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"this compiler cannot: {' '.join(options)}")
    return "./program"


def inputs(anew: Anew) -> set[str]:
    found = anew.json("show", "@1")["recipe"]["inputs"]
    return {each["path"] for each in found if each["kind"] == "file"}


def outputs(anew: Anew) -> set[str]:
    return {each["path"] for each in anew.json("show", "@1")["outcome"]["outputs"]}


def gaps(anew: Anew) -> str:
    return str(anew.json("show", "@1")["coverage"]["gaps"])


WAYS = {
    "shell redirection": "cat < in.txt > out.txt",
    "here and back": "while read line; do echo $line; done < in.txt > out.txt",
    "emptied environment": "env -i /bin/cat in.txt > out.txt",
    "variable taken away": "unset LD_PRELOAD; /bin/cat in.txt > out.txt",
    "its own preload": "LD_PRELOAD= cat in.txt > out.txt",
    "copied": "cp in.txt out.txt",
    "copied by dd": "dd if=in.txt of=out.txt status=none",
    "sorted in a pipe": "sort in.txt | tee out.txt > /dev/null",
    "awk": "awk '{print $1 > \"out.txt\"}' in.txt",
    "moved over": "cat in.txt > part; mv part out.txt",
    "tar and back": "tar cf a.tar in.txt && mkdir d && tar xf a.tar -C d && cp d/in.txt out.txt && rm -r d a.tar",
    "found": "find . -name in.txt -exec cp {} out.txt ';'",
    "xargs": "echo in.txt | xargs cat > out.txt",
    "isolated python": 'python -I -c "open(\'out.txt\', \'w\').write(open(\'in.txt\').read())"',
    "python without site": 'python -S -E -c "open(\'out.txt\', \'w\').write(open(\'in.txt\').read())"',
    "gzip": "gzip -nc in.txt | gzip -dc > out.txt",
    "background": "cat in.txt > out.txt & wait",
    "limit on file sizes": "(ulimit -f 8; cat in.txt > out.txt)",
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_other_programs_are_seen_and_come_back(native: Anew, way: str) -> None:
    native("run", "--name", "a", "--", "sh", "-c", WAYS[way])

    assert "in.txt" in inputs(native)
    assert outputs(native) == {"out.txt"}
    assert gaps(native) == "[]"
    shutil.rmtree(native.project)
    done = native("replay", "a", cwd="/")
    assert done.stdout.startswith("anew: identical")


@pytest.mark.parametrize("change", ["echo x > in.txt", "echo x >> in.txt", "rm in.txt",
                                    "mv in.txt away.txt", "sed -i s/one/two/ in.txt",
                                    "truncate -s 1 in.txt", "mv in.txt b; echo x >> b",
                                    "ln in.txt c; rm in.txt"])  # fmt: skip
def test_what_an_input_held_before_is_kept(native: Anew, change: str) -> None:
    native("run", "--name", "a", "--", "sh", "-c", f"cat in.txt; {change}")

    native("get", "a", "in.txt", "--inputs", "-o", "back")
    assert (native.project / "back" / "in.txt").read_text() == "one\n"
    shutil.rmtree(native.project)
    assert native("replay", "a", cwd="/").stdout.startswith("anew: identical")


@pytest.mark.parametrize("mine", ["", "/mine:/other"])
def test_a_program_sees_its_own_search_path_and_its_children_bring_us_along(
    native: Anew, mine: str
) -> None:
    code = (
        "import os, subprocess, sys\n"
        "print(os.environ.get('PYTHONPATH'), [p for p in sys.path if 'probe' in p or p in"
        " ('/mine', '/other')], flush=True)\n"
        "os.system('echo $PYTHONPATH')\n"
    )
    native.write("look.py", code)
    environ = {"PYTHONPATH": mine} if mine else {}
    said = native("run", "--name", "a", "look.py", environ=environ).stdout.splitlines()

    assert said[0] == (f"{mine} ['/mine', '/other']" if mine else "None []")
    assert said[1].partition(":") == (
        inject.padded(inject.FOLDER), ":" if mine else "", mine)  # fmt: skip


def test_compiled_program_is_seen(native: Anew) -> None:
    native("run", "--name", "a", "--", compiled(native))
    assert "in.txt" in inputs(native)
    assert outputs(native) == {"out.txt"}
    assert gaps(native) == "[]"


@pytest.mark.parametrize("how", ["-static", "-fsanitize=address"])
def test_what_cannot_be_followed_runs_as_ever_and_is_a_gap(native: Anew, how: str) -> None:
    program = compiled(native, how)
    alone = native("run", "--", program)
    assert alone.stdout == ""
    assert "program" in gaps(native)
    native("run", "--", "sh", "-c", f"{program}; cat in.txt")
    assert "program could not be followed" in gaps(native)
    assert "in.txt" in inputs(native)


LOADS = """
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
int main(int count, char **words) {
    DIR *folder = opendir(words[1]);
    int entries = 0;
    while (folder && readdir(folder)) entries++;
    char path[4096];
    snprintf(path, sizeof path, "%s/part.so", words[1]);
    void *part = dlopen(path, RTLD_NOW);
    if (!part) return printf("%s\\n", dlerror()), 9;
    printf("%d %d\\n", entries, ((int (*)(void))dlsym(part, "value"))());
    return 0;
}
"""


def test_what_a_loader_takes_from_a_listed_folder_outside_is_there(
    native: Anew, tmp_path: Path
) -> None:
    outside = tmp_path / "parts"
    outside.mkdir()
    compiled(native, "-shared", "-fPIC", source="int value(void) { return 42; }")
    (native.project / "program").rename(outside / "part.so")
    (outside / "other.txt").write_text("nobody reads it")
    (outside / "latest").symlink_to("other.txt")
    program = compiled(native, source=LOADS)
    native("run", "--name", "x", program, str(outside))
    shutil.rmtree(native.project)

    assert native.json("replay", "x", cwd="/")["verdict"] == "identical"
    assert (outside / "other.txt").read_text() == "nobody reads it"


DRAWS = """
#include <stdio.h>
#include <sys/random.h>
int main(void) {
    unsigned a = 0, b = 0;
    if (getrandom(&a, sizeof a, 0) != sizeof a || getentropy(&b, sizeof b)) return 9;
    printf("%u\\n", a % 1000 + b % 1000);
    return getentropy(&b, 257) == 0;
}
"""


def test_chance_drawn_by_compiled_code_is_a_gap_that_names_it(native: Anew) -> None:
    native("run", compiled(native, source=DRAWS))
    assert "program drew from the system's entropy" in gaps(native)


def test_chance_drawn_by_python_for_secrets_is_no_gap(native: Anew) -> None:
    native(
        "run", "python", "-c", "import os, secrets; secrets.token_hex(); print(len(os.urandom(9)))"
    )
    assert "entropy" not in gaps(native)


def test_every_descriptor_closed_and_nothing_of_ours_in_the_output(native: Anew) -> None:
    native.write(
        "close.py",
        "import os\nos.closerange(3, 256)\nfd = os.open('out.txt', os.O_WRONLY | os.O_CREAT)\n"
        "open('in.txt').close()\nos.write(fd, b'mine')\n",
    )
    native("run", "close.py")
    assert (native.project / "out.txt").read_text() == "mine"
    assert {"in.txt"} <= inputs(native)


def test_many_threads_on_little_stacks_lose_nothing(native: Anew) -> None:
    source = """
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void *work(void *number) {
    char path[64];
    for (int i = 0; i < 2000; i++) {
        sprintf(path, "many/%ld-%d", (long)number, i % 50);
        close(open(path, O_RDONLY));
    }
    return NULL;
}
int main(void) {
    pthread_t threads[64];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    for (long i = 0; i < 64; i++) pthread_create(&threads[i], &small, work, (void *)i);
    for (int i = 0; i < 64; i++) pthread_join(threads[i], NULL);
    return 0;
}
"""
    program = compiled(native, "-pthread", source=source)
    for thread in range(64):
        for number in range(50):
            native.write(f"many/{thread}-{number}", f"{thread} {number}")
    native("run", "--", program)
    assert len([path for path in inputs(native) if path.startswith("many/")]) == 64 * 50


def test_without_the_library_the_run_says_what_it_could_not_see(native: Anew) -> None:
    native("run", "--", "sh", "-c", "cat in.txt", environ={"ANEW_SHIM": "none"})
    assert "other programs than Python" in gaps(native)


def test_programs_see_no_variables_of_ours_in_python(native: Anew) -> None:
    code = "import os; print([name for name in os.environ if 'ANEW' in name or 'PRELOAD' in name])"
    done = native("run", sys.executable, "-c", code)
    assert done.stdout == "[]\n"


def test_what_a_run_says_to_itself_is_no_network(anew: Anew) -> None:
    code = """
import socket, threading
server = socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True)
port = server.getsockname()[1]
threading.Thread(target=server.accept, daemon=True).start()
for host in ("127.0.0.1", "localhost", "::ffff:127.0.0.1", socket.gethostname()):
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        pass
"""
    anew.write("own.py", code)
    anew("run", "own.py")
    gaps = anew.json("show", "@1")["coverage"]["gaps"]
    assert [gap["what"] for gap in gaps if gap["aspect"] == "network"] == []


@pytest.mark.parametrize("options", [(), ("--isolate",)])
@pytest.mark.parametrize("trace", ["auto", "full"])
def test_anew_may_lie_below_a_folder_with_a_space(
    native: Anew, tmp_path: Path, trace: str, options: tuple[str, ...]
) -> None:
    """The loader takes no such path: it is given a copy, which is nobody's input or output."""
    place, temporary = tmp_path / "a b", tmp_path / "tmp"
    place.mkdir()
    temporary.mkdir()
    (place / "anew").symlink_to(Path(anew_package.__file__).parent)
    environ = {"PYTHONPATH": str(place), "TMPDIR": str(temporary)}
    native("run", f"--trace={trace}", "sh", "-c", "cat in.txt > out.txt", environ=environ)
    assert list(temporary.glob("anew-*/libanew-*.so"))
    assert (inputs(native), outputs(native)) == ({"in.txt"}, {"out.txt"})
    replayed = native("replay", "@1", *options, check=None, environ=environ)
    if options and "no clean room" in replayed.stdout + replayed.stderr:
        pytest.skip("no clean room can be made here")
    assert "identical" in replayed.stdout
    assert "preloaded" not in replayed.stdout + replayed.stderr


@pytest.mark.parametrize("length", [500, 900, 1000, 1100, 3000])
def test_anew_may_lie_far_down(native: Anew, tmp_path: Path, length: int) -> None:
    place = tmp_path
    while len(str(place)) < length:
        place /= "x" * min(200, max(1, length - len(str(place)) - 1))
    place.mkdir(parents=True)
    (place / "anew").symlink_to(Path(anew_package.__file__).parent)
    native.write("use.py", "print(open('in.txt').read(), end='')\nopen('out.txt', 'w').close()\n")
    done = native("run", "use.py", environ={"PYTHONPATH": str(place)})
    ours = [line for line in done.stderr.splitlines() if not line.startswith("anew: ")]
    assert (done.stdout, ours) == ("one\n", [])
    assert (inputs(native), outputs(native)) == ({"in.txt"}, {"out.txt"})
    assert native.json("replay", "@1", environ={"PYTHONPATH": str(place)})["verdict"] == "identical"


@pytest.mark.parametrize("entries", [1, 60, 400])
def test_what_a_program_preloads_itself_reaches_its_programs_whole(
    native: Anew, entries: int
) -> None:
    """Also one that cannot be followed: it gets what it would have without us."""
    if shutil.which("busybox") is None:
        pytest.skip("there is no static busybox")
    theirs = ":".join(["libm.so.6"] * entries)
    native.write("sizes.sh", 'echo ${#LD_PRELOAD}\nsh -c "echo \\${#LD_PRELOAD}"\n'
                 'busybox sh -c "echo \\${#LD_PRELOAD}"\ncat in.txt\n')  # fmt: skip
    done = native("run", "sh", "sizes.sh", environ={"LD_PRELOAD": theirs})
    _, own, static, text = done.stdout.split()
    assert (int(static), text) == (len(theirs), "one")
    assert int(own) > len(theirs)
    assert "in.txt" in inputs(native)
