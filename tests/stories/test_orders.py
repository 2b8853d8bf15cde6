"""Folders list their entries on a replay as they did, whoever lists them and on which file system."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from anew.execute.preload import library
from tests.conftest import Anew
from tests.stories.test_clean_room import ADDRESSES

MEMORY = Path("/dev/shm")
FILES = 3000
LISTS = {
    "find": ["find", "data", "-type", "f"],
    "ls": ["ls", "-U", "data"],
    "shell and cat": ["sh", "-c", "for each in $(ls -U data | head -20); do cat data/$each; done"],
    "listdir": [sys.executable, "-c", "import os; print(os.listdir('data'), os.listdir(b'data/'))"],
    "scandir": [sys.executable, "-c", "import os; print([*os.scandir('./data')])"],
    "walk": [sys.executable, "-c", "import os; print([*os.walk('.')])"],
    "by a descriptor": [sys.executable, "-c", "import os; print(os.listdir(os.open('data', 0)))"],
    "from another place": ["sh", "-c", "mkdir -p other; cd other; ls -U ../data; ls -U ../link/"],
}
COMPILED = r"""
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>
int main(void) {
    DIR *many[80], *dir = opendir("data");
    struct dirent *each, copy, *found;
    long places[8];
    char names[8][256];
    int count = 0;
    for (int i = 0; i < 8; i++) {
        places[i] = telldir(dir);
        strcpy(names[i], readdir(dir)->d_name);
    }
    for (int i = 7; i >= 0; i--) {
        seekdir(dir, places[i]);
        if (strcmp(readdir(dir)->d_name, names[i])) return 2;
    }
    close(open("data/new", O_CREAT | O_WRONLY, 0600));
    rewinddir(dir);
    while ((each = readdir(dir))) {
        copy = *each;
        count += !strcmp(copy.d_name, "new");
        if (strcmp(copy.d_name, "new")) puts(copy.d_name);
    }
    rewinddir(dir);
    while (!readdir_r(dir, &copy, &found) && found) count += 10;
    closedir(dir);
    unlink("data/new");
    for (int i = 0; i < 80; i++) many[i] = opendir("data");
    for (int i = 0; i < 80; i++) {
        while ((each = readdir(many[i]))) count += 10;
        closedir(many[i]);
    }
    printf("%d\n", count);
    return 0;
}
"""


@pytest.fixture
def elsewhere(anew: Anew, tmp_path: Path) -> Iterator[Anew]:
    """Return Anew with its store, and so what it replays, on a file system with other orders."""
    if library(tmp_path / "cache") is None:
        pytest.skip("Anew was built without its C library")
    if not MEMORY.is_dir() or MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other file system to be had")
    for number in range(FILES):
        anew.write(f"data/{number * 7919 % FILES}", str(number))
    (anew.project / "link").symlink_to("data")
    store = Path(tempfile.mkdtemp(dir=MEMORY))
    anew.environ["ANEW_HOME"] = str(store)
    yield anew
    shutil.rmtree(store)


@pytest.mark.parametrize("how", LISTS)
def test_an_order_comes_back_on_another_file_system(elsewhere: Anew, how: str) -> None:
    elsewhere("run", "--name", "a", "--", *LISTS[how])
    assert elsewhere.json("replay", "a")["verdict"] == "identical"
    first = elsewhere.json("replay", "a", "--isolate")
    assert first["verdict"] == "identical"
    assert elsewhere.json("replay", first["run"])["verdict"] == "identical"


def test_all_that_reads_a_folder_goes_by_it(elsewhere: Anew) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    elsewhere.write("list.c", COMPILED)
    subprocess.run([compiler, "-w", "-o", "list", "list.c"], cwd=elsewhere.project, check=True)
    lines = elsewhere("run", "--name", "a", "./list").stdout.splitlines()
    assert len(lines) == FILES + 3
    assert lines[-1] == str(1 + 10 * (FILES + 3) + 80 * 10 * (FILES + 2))
    assert elsewhere.json("replay", "a")["verdict"] == "identical"


def test_memory_is_alike_where_a_folder_was_listed(elsewhere: Anew) -> None:
    """A set of objects goes by their addresses: serving an order must not move any."""
    elsewhere.write("train.py", "import os\nprint(os.listdir('data')[:9])\n" + ADDRESSES)
    elsewhere("run", "--name", "a", "train.py")
    assert elsewhere.json("replay", "a")["verdict"] == "identical"


def test_an_order_comes_back_without_our_library(elsewhere: Anew) -> None:
    elsewhere.environ["ANEW_SHIM"] = "none"
    elsewhere("run", "--name", "a", "--", *LISTS["scandir"])
    assert elsewhere.json("replay", "a", check=None)["verdict"] == "identical"


@pytest.mark.parametrize("shim", ["", "none"])
def test_more_names_than_are_told_come_back_in_order(elsewhere: Anew, shim: str) -> None:
    long = "x" * 180
    (elsewhere.project / "many").mkdir()
    for number in range(6000):
        (elsewhere.project / "many" / f"{number * 7919 % 6000}{long}").touch()
    elsewhere.environ["ANEW_SHIM"] = shim
    elsewhere("run", "--name", "a", "--", sys.executable, "-c",
              "import os; print([name[:4] for name in os.listdir('many')])")  # fmt: skip
    assert elsewhere.json("replay", "a", check=None)["verdict"] == "identical"


WATCH = """
import os, struct
for number in range(50):
    open(f"data/new-{number}", "w").close()
    assert len(os.listdir("data")) == 3001 + number
with open("/proc/self/environ", "rb") as stream:
    spool = dict(each.partition(b"=")[::2] for each in stream.read().split(b"\\0"))[b"ANEW_SPOOL"]
with open(spool + b"/native/0", "rb") as stream:
    print(struct.unpack("<QQ", stream.read(16))[1])
"""


def test_who_waits_for_a_folder_to_fill_tells_its_names_once(elsewhere: Anew) -> None:
    elsewhere.write("watch.py", WATCH)
    names = sum(len(str(number)) + 1 for number in range(FILES))
    assert int(elsewhere("run", "watch.py").stdout) < 5 * names
