"""The audit hook: how each file was opened, and the old bytes of those that were destroyed."""

import os
import sqlite3
import textwrap

import pytest

from tests.probe.spools import Spool


def pins(spool: Spool) -> dict[str, bytes]:
    """Return name in the project and kept bytes of each pin."""
    root = str(spool.project) + "/"
    return {
        event[2].removeprefix(root): (spool.folder / "pins" / event[4]).read_bytes()
        for event in spool.events("pin")
    }


def old(spool: Spool, *names: str, content: str = "old") -> None:
    for name in names:
        (spool.project / name).parent.mkdir(exist_ok=True, parents=True)
        (spool.project / name).write_text(content)
    spool.begin()


@pytest.mark.parametrize(
    ("code", "mode", "pinned"),
    [
        ("open('f').read()", "r", False),
        ("open('./x/../f').read()", "r", False),
        ("import os; os.open('f', os.O_RDONLY)", "r", False),
        ("import pathlib; pathlib.Path('f').read_bytes()", "r", False),
        ("open('f', 'w')", "w", True),
        ("open('f', 'w+')", "w", True),
        ("open('f', 'a')", "a", True),
        ("open('f', 'r+')", "u", True),
        ("import os; os.open('f', os.O_WRONLY)", "u", True),
        ("import os; os.open(b'f', os.O_WRONLY | os.O_TRUNC)", "w", True),
        ("import shutil; shutil.copyfile('script.py', 'f')", "w", True),
        ("import sqlite3; sqlite3.connect('f')", "u", True),
        ("import sqlite3; sqlite3.connect('file:f?mode=ro', uri=True)", "r", False),
    ],
)
def test_mode_and_preimage(spool: Spool, code: str, mode: str, *, pinned: bool) -> None:
    (spool.project / "x").mkdir()
    old(spool, "f")
    spool.script(code)
    assert [(name, how) for name, how in spool.opened() if name == "f"] == [("f", mode)]
    assert pins(spool) == ({"f": b"old"} if pinned else {})
    assert [event[2:] for event in spool.events("lost")] == []


def test_stamp_is_that_of_the_state_before(spool: Spool) -> None:
    old(spool, "f")
    was = (spool.project / "f").stat()
    spool.script("open('f', 'w').write('new')")
    stamp = [was.st_dev, was.st_ino, 3, was.st_mode, was.st_mtime_ns, was.st_ctime_ns]
    (opened,) = (event for event in spool.events("open") if event[3] == "w")
    (pin,) = spool.events("pin")
    assert opened[4] == pin[3] == stamp


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("import os; os.remove('f')", ["remove"]),
        ("import os; os.unlink('f')", ["remove"]),
        ("import os; fd = os.open('.', os.O_RDONLY); os.unlink('f', dir_fd=fd)", ["remove"]),
        ("import os; open('g', 'w').write('new'); os.replace('g', 'f')", ["open", "rename"]),
        ("import os; os.truncate('f', 0)", ["truncate"]),
        ("import os; fd = os.open('f', os.O_RDWR); os.ftruncate(fd, 1)", ["open"]),
        ("import shutil; shutil.copy('f', 'g'); shutil.move('g', 'f')", ["open", "open", "rename"]),
        ("import pathlib; pathlib.Path('f').unlink()", ["remove"]),
    ],
)
def test_preimage_of_other_destructive_acts(spool: Spool, code: str, kinds: list[str]) -> None:
    old(spool, "f")
    spool.script(code)
    found = [
        event[0]
        for event in spool.events("open", "remove", "rename", "truncate")
        if not event[2].endswith("script.py")
    ]
    assert found == kinds
    assert pins(spool) == {"f": b"old"}


def test_folder_tree_that_is_removed_is_kept(spool: Spool) -> None:
    old(spool, "d/a", "d/e/b")
    spool.script("import shutil; shutil.rmtree('d')")
    assert pins(spool) == {"d/a": b"old", "d/e/b": b"old"}
    removed = [event[2].rpartition("/")[2] for event in spool.events("remove")]
    assert sorted(removed) == ["a", "b", "d", "e"]


def test_what_the_run_created_is_not_kept(spool: Spool) -> None:
    old(spool, "script.py")
    spool.script("""
import os, subprocess, sys
open("a", "w").write("1"); open("a", "w").write("2"); os.remove("a")
open("b", "w").write("1")
subprocess.run([sys.executable, "-c", "open('b', 'a').write('2'); import os; os.remove('b')"])
""")
    assert pins(spool) == {}
    assert ("a", "c") in spool.opened()
    assert ("a", "w") not in spool.opened()


def test_source_of_a_rename_can_be_found_when_its_new_name_is_overwritten(spool: Spool) -> None:
    old(spool, "f")
    was = (spool.project / "f").stat()
    spool.script("import os; os.rename('f', 'g'); open('g', 'w').write('new')")
    assert pins(spool) == {"f": b"old", "g": b"old"}
    (pin,) = (event for event in spool.events("pin") if event[2].endswith("/f"))
    assert pin[3][5] == was.st_ctime_ns


def test_target_of_a_link_is_kept_under_both_names(spool: Spool) -> None:
    old(spool, "f")
    (spool.project / "s").symlink_to("f")
    spool.begin()
    spool.script("open('s', 'w').write('new')")
    assert pins(spool) == {"s": b"old", "f": b"old"}


def test_too_large_is_named(spool: Spool) -> None:
    old(spool, "f", "g", content="x" * 5000)
    spool.begin(pin_limit=1000)
    spool.script("import os; open('f', 'w').close(); os.remove('g')")
    assert pins(spool) == {"g": b"x" * 5000}  # a link costs nothing
    ((*_, path, _stamp, reason),) = spool.events("lost")
    assert path.endswith("/f")
    assert "5000 bytes" in reason


def test_many_processes_keep_one_preimage(spool: Spool) -> None:
    old(spool, "f")
    spool.script("""
import multiprocessing as mp
def work(_): open("f", "a").write("x")
if __name__ == "__main__":
    with mp.get_context("fork").Pool(4) as pool: pool.map(work, range(20))
""")
    assert pins(spool) == {"f": b"old"}
    assert len(list((spool.folder / "pins").iterdir())) == 1


def test_repeated_reads_are_named_once_until_the_file_changes(spool: Spool) -> None:
    old(spool, "f")
    other = spool.project / "f"
    spool.script(f"""
import subprocess
for _ in range(5): open("f").read()
subprocess.run(["sh", "-c", "echo new > {other}"])
for _ in range(5): open("f").read()
""")
    assert spool.opened().count(("f", "r")) == 2


def test_missing_files_are_named(spool: Spool) -> None:
    spool.script("import os\ntry: open('gone')\nexcept OSError: pass")
    (event,) = (event for event in spool.events("open") if event[2].endswith("/gone"))
    assert event[3:] == ["r", None]


def test_modules_are_named_by_their_source(spool: Spool, python: str) -> None:
    spool.executable = python
    (spool.project / "package").mkdir()
    for name in ("package/__init__.py", "package/inner.py", "module.py"):
        (spool.project / name).write_text("import json\n")
    for _ in range(2):  # the second time from compiled files
        spool.begin()
        spool.script("import package.inner, module; open('module.py')")
        root = str(spool.project) + "/"
        found = [
            (event[2].removeprefix(root), event[3])
            for event in spool.events("open")
            if event[2].endswith(".py")
        ]
        assert found == [
            ("script.py", "m"),
            ("package/__init__.py", "m"),
            ("package/inner.py", "m"),
            ("module.py", "m"),
        ]
        assert not [event for event in spool.events() if "__pycache__" in str(event)]
        assert not spool.events("list")


def test_environment_is_left_out_but_what_is_written_there(spool: Spool) -> None:
    spool.script("import numpy, json, pathlib, yaml; open(numpy.__file__).read()")
    assert {event[2] for event in spool.events("open")} == {str(spool.project / "script.py")}


def test_listings_keep_the_order(spool: Spool) -> None:
    old(spool, "d/b", "d/a", "d/c")
    out = spool.script("""
import os, glob
print(os.listdir("d"))
glob.glob("d/*"); list(os.scandir("d"))
open("d/new", "w").close()
os.listdir("d")
""")
    first, second = spool.events("list")
    assert str(first[4]) == out.strip()
    assert sorted(second[4]) == ["a", "b", "c", "new"]


def test_folders_links_and_moves_are_named(spool: Spool) -> None:
    old(spool, "f")
    spool.script("""
import os
os.mkdir("d"); os.symlink("f", "s"); os.link("f", "h"); os.rename("d", "e"); os.rmdir("e")
""")
    root = str(spool.project) + "/"
    found = [
        [event[0], *(part.removeprefix(root) for part in event[2:4] if isinstance(part, str))]
        for event in spool.events("mkdir", "symlink", "link", "rename", "remove")
    ]
    assert found == [
        ["mkdir", "d"],
        ["symlink", "f", "s"],
        ["link", "f", "h"],
        ["rename", "d", "e"],
        ["remove", "e"],
    ]


def test_what_is_no_file_is_a_gap(spool: Spool) -> None:
    os.mkfifo(spool.project / "fifo")
    spool.script("""
import os
for _ in range(2):
    reader = os.open("fifo", os.O_RDONLY | os.O_NONBLOCK); os.close(reader)
open("/dev/null").close(); open("/dev/urandom", "rb").close(); open("/proc/self/maps").close()
os.fdopen(os.dup(1)).close()
""")
    assert [gap for gap in spool.gaps() if "fifo" in gap] == [
        f"read from {spool.project}/fifo, which is no file"
    ]
    assert [gap for gap in spool.gaps() if "/dev/" in gap] == ["opened the device /dev/urandom"]
    assert spool.opened() == []


def test_connections_and_children_are_named(spool: Spool) -> None:
    spool.script("""
import os, socket, subprocess
for address in (("127.0.0.1", 9), ("192.0.2.1", 80)):
    connection = socket.socket(); connection.setblocking(False)
    try: connection.connect(address)
    except OSError: pass
for name in ("no.such.host.invalid", "localhost", "127.0.0.1", None):
    try: socket.getaddrinfo(name, 443)
    except OSError: pass
subprocess.run(["true", "1"], cwd="/")
os.system("true")
""")
    asked = ["no.such.host.invalid", 443, "name", "socket"]
    connected = [event[2:] for event in spool.events("connect")]
    assert connected in ([["192.0.2.1", 80, "inet", "socket"], asked], [asked])
    spawned = [event[2:] for event in spool.events("spawn")]
    assert spawned == [
        ["true", ["true", "1"], "subprocess", "/"],
        ["/bin/sh", ["true"], "system", None],
    ]


def test_permission_and_errors_are_those_of_the_program(spool: Spool) -> None:
    old(spool, "f")
    code = """
import os
for call in (lambda: open("d/x", "w"), lambda: open(b"\\0"), lambda: open(object()), lambda: open("f", "x"),
             lambda: os.rename("no", "other"), lambda: os.remove("no"), lambda: open(""), lambda: open(99),
             lambda: os.listdir("no"), lambda: os.truncate("no", 1), lambda: os.open("f", 0, dir_fd=0)):
    try: call()
    except Exception as error: print(type(error).__name__, error, error.__context__)
"""
    said = spool.script(code)
    assert said == spool.plain("script.py").stdout
    assert not [gap for gap in spool.gaps() if "Error" in gap]


def test_sqlite_is_kept_before_it_changes(spool: Spool) -> None:
    path = spool.project / "a.db"
    connection = sqlite3.connect(path)
    connection.execute("create table t (x)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    spool.begin()
    spool.script("""
import sqlite3
c = sqlite3.connect("a.db"); c.execute("insert into t values (1)"); c.commit(); c.close()
""")
    assert pins(spool) == {"a.db": before}
    assert path.read_bytes() != before


def test_native_readers_are_seen(spool: Spool) -> None:
    pytest.importorskip("pyarrow")
    spool.script("""
import pyarrow as pa, pyarrow.parquet as pq, pyarrow.csv, os
table = pa.table({"x": [1, 2]})
os.mkdir("d")
pq.write_table(table, "a.parquet"); pq.write_table(table, "d/part.parquet")
pa.csv.write_csv(table, "a.csv")
""")
    made = {name for name, how in spool.opened() if how == "c"}
    assert made == {"a.parquet", "d/part.parquet", "a.csv"}
    spool.begin()
    spool.script("""
import pyarrow as pa, pyarrow.parquet as pq, pyarrow.csv, pyarrow.dataset, pickle
pq.read_table("a.parquet"); pa.csv.read_csv("a.csv"); pyarrow.dataset.dataset("d").to_table()
file = pa.OSFile("a.csv"); assert isinstance(file, pa.OSFile)
assert isinstance(pa.memory_map("a.parquet"), pa.MemoryMappedFile)
assert pickle.loads(pickle.dumps(pq.read_table)) is pq.read_table
pq.ParquetFile("a.parquet").close()
pq.ParquetWriter("a.parquet", pa.schema([("x", pa.int64())])).close()
""")
    assert {name for name, how in spool.opened() if how == "r"} == {
        "a.parquet",
        "a.csv",
        "d/part.parquet",
    }
    assert "a.parquet" in pins(spool)
    old(spool, "f")
    spool.script("import pyarrow as pa; pa.OSFile('f', mode='wb').close()")
    assert ("f", "w") in spool.opened()
    assert pins(spool) == {"f": b"old"}


def test_readers_and_writers_in_native_code_are_told_by_their_calls(spool: Spool) -> None:
    """Stands in for libraries that are not here by modules of their names that open nothing."""
    for name, text in {
        "xgboost/core.py": """
            class DMatrix:
                def __init__(self, data, label=None): self.label = label
            class Booster:
                def save_model(self, fname): pass
            """,
        "lightgbm/basic.py": """
            class Dataset:
                def __init__(self, data, label=None): pass
            """,
        "faiss.py": "def read_index(fname): return fname",
    }.items():
        path = spool.project / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
        (path.parent / "__init__.py").touch()
    for name in ("a.svm", "b.train", "b.train.weight", "c.index", "old.json"):
        (spool.project / name).write_text("1")
    spool.begin()
    said = spool.script("""
from xgboost.core import DMatrix, Booster
from lightgbm.basic import Dataset
import faiss, pathlib
print(DMatrix("a.svm?format=libsvm#cache", label=1).label, DMatrix([[1, 2]]).label)
Dataset(data=pathlib.Path("b.train"))
print(faiss.read_index("c.index"))
Booster().save_model("old.json")
""")
    assert said == "1 None\nc.index\n"
    opened = {(name, how) for name, how in spool.opened() if not name.endswith(".py")}
    assert opened == {
        ("a.svm", "r"), ("b.train", "r"), ("b.train.weight", "r"), ("c.index", "r"),
        ("old.json", "w"),
    }  # fmt: skip
    assert pins(spool) == {"old.json": b"1"}
