"""What a run holds, each tried by taking the project away: inputs, code, git, streams, no secrets."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.conftest import Anew


def wipe(anew: Anew) -> None:
    shutil.rmtree(anew.project)
    anew.project.mkdir()


def test_input_that_the_run_overwrites_is_kept_as_it_was(anew: Anew) -> None:
    anew.write("state.txt", "5")
    anew.write(
        "step.py",
        "n = int(open('state.txt').read()); open('state.txt', 'w').write(str(n + 1)); print(n)",
    )
    anew("run", "step.py")
    assert (anew.project / "state.txt").read_text() == "6"
    assert anew.json("replay", "@1")["verdict"] == "identical"
    assert anew("logs", anew.json("ls", "--replays")["runs"][0]["id"]).stdout == "5\n"


def test_input_that_the_run_deletes_or_renames_is_kept(anew: Anew) -> None:
    anew.write("a.txt", "alpha")
    anew.write("b.txt", "beta")
    anew.write(
        "move.py",
        "import os\nprint(open('a.txt').read(), open('b.txt').read())\nos.remove('a.txt')\nos.rename('b.txt', 'c.txt')\n",
    )
    anew("run", "move.py")
    document = anew.json("replay", "@1")
    assert document["verdict"] == "identical"


def test_temporary_files_are_no_outputs(anew: Anew) -> None:
    anew.write(
        "temp.py",
        "import os, tempfile\nwith tempfile.TemporaryDirectory() as d:\n    open(d + '/x', 'w').write('1')\nopen('t', 'w').write('1')\nos.remove('t')\nopen('kept', 'w').write('1')",
    )
    anew("run", "temp.py")
    outcome = anew.json("show", "@1")["outcome"]
    assert [output["path"] for output in outcome["outputs"]] == ["kept"]
    assert outcome["deleted"] == []


def test_output_folders_exist_again(anew: Anew) -> None:
    (anew.project / "results").mkdir()
    anew.write("write.py", "open('results/x.txt', 'w').write('1')")
    anew("run", "write.py")
    wipe(anew)
    assert anew.json("replay", "@1")["verdict"] == "identical"


def test_folder_that_was_listed_comes_back_with_its_entries(anew: Anew) -> None:
    for name in ("one", "two", "three"):
        anew.write(f"data/{name}.bin", "x" * 2_000_000)
    anew.write("list.py", "import os\nprint(sorted(os.listdir('data')))")
    anew("run", "list.py")
    wipe(anew)
    assert anew.json("replay", "@1")["verdict"] == "identical"


def test_code_from_outside_the_project_comes_back(anew: Anew, tmp_path: Path) -> None:
    library = tmp_path / "lib"
    library.mkdir()
    (library / "helper.py").write_text("def answer():\n    return 42\n")
    anew.write(
        "use.py",
        "import sys\nsys.path.insert(0, sys.argv[1])\nimport helper\nprint(helper.answer())",
    )
    anew("run", "use.py", str(library))
    shutil.rmtree(library)
    assert anew.json("replay", "@1")["verdict"] == "identical"
    assert not library.exists()


def test_script_on_stdin_and_as_an_argument(anew: Anew) -> None:
    anew("run", "python", "-", input="import random\nprint(random.random())\n")
    assert anew.json("replay", "@1")["verdict"] == "identical"
    anew("run", "python", "-c", "import random\nprint(random.random())")
    assert anew.json("replay", "@1")["verdict"] == "identical"


def test_stdin_from_a_file_is_an_input(anew: Anew, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("first\nsecond\n")
    anew.write("echo.py", "import sys\nprint(sys.stdin.read().upper())")
    with (tmp_path / "in.txt").open() as stdin:
        anew("run", "echo.py", stdin=stdin)
    (tmp_path / "in.txt").unlink()
    assert anew.json("replay", "@1")["verdict"] == "identical"


def test_git_state_is_recorded_with_what_was_not_committed(anew: Anew) -> None:
    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words],
            cwd=anew.project,
            check=True,
            capture_output=True,
        )

    anew.write("train.py", "import helper\nprint(helper.VALUE)\n")
    anew.write("helper.py", "VALUE = 1\n")
    anew.write(".gitignore", "ignored.txt\n")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("remote", "add", "origin", "https://me:hunter2@example.org/repo.git")
    anew.write("helper.py", "VALUE = 2\n")
    anew.write("new.py", "x = 1\n")
    anew.write("ignored.txt", "no")
    anew("run", "train.py")
    shown = anew.json("show", "@1")
    code = shown["recipe"]["code"]

    assert (code["dirty"], code["branch"], len(code["commit"])) == (True, "main", 40)
    assert "hunter2" not in json.dumps(shown)
    assert {file["path"] for file in code["files"]} == {
        ".gitignore",
        "helper.py",
        "new.py",
        "train.py",
    }
    wipe(anew)
    assert anew.json("replay", "@1")["verdict"] == "identical"
    assert anew("logs", "@1").stdout == "2\n"


def stored(anew: Anew) -> bytes:
    """Return all that the store holds, unpacked, with every other file of its folder."""
    from anew.store.local import LocalStore

    with LocalStore(anew.store, anew.home / "other-cache") as store:
        content = [store.read(digest) for digest in store.digests()]
    files = [path for path in anew.store.rglob("*") if path.is_file() and path.suffix != ".pack"]
    return b"\n".join(content + [path.read_bytes() for path in files])


def test_secrets_are_never_stored(anew: Anew) -> None:
    anew.write(
        "use.py",
        "import argparse, os, subprocess, sys\n"
        "parser = argparse.ArgumentParser()\nparser.add_argument('--api-key')\nparser.parse_args()\n"
        "subprocess.run([sys.executable, '-c', 'pass', '--token', sys.argv[2]])\n"
        "print(len(os.environ['MY_API_KEY']))",
    )
    secret = "s3cr3t-value-of-mine"
    anew(
        "run",
        "use.py",
        "--api-key",
        secret,
        environ={"MY_API_KEY": secret, "LINK": f"https://me:{secret}@example.org/"},
    )
    assert b"MY_API_KEY" in stored(anew)
    assert secret.encode() not in stored(anew)
    found = {v["name"]: v for v in anew.json("show", "@1")["recipe"]["configuration"]["variables"]}
    assert found["MY_API_KEY"]["value"] is None


def test_secret_variable_is_taken_from_the_present_environment(anew: Anew) -> None:
    anew.write("show.py", "import os\nprint(len(os.environ['MY_API_KEY']))")
    anew("run", "show.py", environ={"MY_API_KEY": "abcdef"})
    document = anew.json("replay", "@1", environ={"MY_API_KEY": "uvwxyz"})
    assert document["verdict"] == "identical"
    assert "MY_API_KEY" in document["restored"]["configuration"]["note"]
    missing = anew.json("replay", "@1", check=None)
    assert "MY_API_KEY" in missing["restored"]["configuration"]["note"]


def test_reads_of_a_fifo_a_device_a_folder_and_an_empty_file(anew: Anew) -> None:
    os.mkfifo(anew.project / "pipe")
    anew.write("empty.txt", "")
    anew.write(
        "odd.py",
        "import os, threading\n"
        "threading.Thread(target=lambda: open('pipe', 'w').write('hi')).start()\n"
        "print(open('pipe').read(), open('/dev/zero', 'rb').read(3), os.listdir('.').sort(), open('empty.txt').read())\n"
        "try:\n    open('.')\nexcept IsADirectoryError:\n    print('folder')\n",
    )
    done = anew("run", "odd.py")
    assert done.stdout == "hi b'\\x00\\x00\\x00' None \nfolder\n"


@pytest.mark.skipif(sys.platform != "linux", reason="sparse files and stat flags of Linux")
def test_huge_sparse_input_is_held_without_its_holes(anew: Anew) -> None:
    with (anew.project / "huge.bin").open("wb") as stream:
        stream.truncate(5 << 30)
        stream.seek(1 << 30)
        stream.write(b"data")
    anew.write("peek.py", "f = open('huge.bin', 'rb'); f.seek(1 << 30); print(f.read(4))")
    anew("run", "--keep", "all", "peek.py")
    size = sum(path.stat().st_blocks * 512 for path in anew.store.rglob("*") if path.is_file())
    assert size < 10 << 20
    (anew.project / "huge.bin").unlink()
    assert anew.json("replay", "@1")["verdict"] == "identical"


def test_large_input_is_held_by_reference_and_found_there(anew: Anew) -> None:
    with (anew.project / "large.bin").open("wb") as stream:
        stream.truncate(2 << 30)
    anew.write("peek.py", "print(open('large.bin', 'rb').read(4))")
    done = anew("run", "peek.py")
    assert "coverage 99 %" in done.stderr
    assert anew.json("replay", "@1")["verdict"] == "identical"
    (anew.project / "large.bin").unlink()
    document = anew.json("replay", "@1", check=12)
    assert document["verdict"] == "not replayed"
    assert "large.bin" in document["reason"]


def test_code_that_is_edited_while_the_run_goes_is_held_as_it_started(anew: Anew) -> None:
    anew.write("part.py", "VALUE = 1\n")
    anew.write("settings.json", '{"depth": 3}')
    anew.write(
        "train.py",
        "import json, part\nprint(part.VALUE, json.load(open('settings.json')))\n"
        "open('part.py', 'w').write('VALUE = 2')\nopen('train.py', 'a').write('# edited')\n",
    )
    anew("run", "train.py")
    assert anew.json("replay", "@1")["verdict"] == "identical"
    anew.write(
        "train.py",
        "import sys, subprocess\nprint(1)\nsubprocess.run(['sh', '-c', 'echo \"print(2)\" > train.py'])\n",
    )
    done = anew("run", "train.py")
    assert "code 1 file" in done.stderr
    assert anew.json("replay", "@1")["verdict"] == "identical"


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="needs a second file system")
def test_folders_list_their_entries_in_the_recorded_order(anew: Anew) -> None:
    place = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        (place / "data").mkdir()
        for number in range(30):
            (place / "data" / f"{number}.txt").write_text("x")
        (place / "order.py").write_text(
            "import glob, os, pathlib\nprint(os.listdir('data'), [e.name for e in os.scandir('data')])\n"
            "print(glob.glob('data/*'), list(os.walk('data')), [p.name for p in pathlib.Path('data').iterdir()])\n"
        )
        anew("run", "--name", "order", "order.py", cwd=place)
    finally:
        shutil.rmtree(place)
    assert anew.json("replay", "order")["verdict"] == "identical"


def test_stdin_from_a_pipe_is_an_input(anew: Anew) -> None:
    anew.write(
        "first.py",
        "import sys\nprint(sys.stdin.readline().strip())\nprint(sum(map(int, sys.stdin)))",
    )
    anew("run", "first.py", input="numbers\n1\n2\n40\n")
    (given,) = (i for i in anew.json("show", "@1")["recipe"]["inputs"] if i["role"] == "stdin")
    assert given["size"] == len("numbers\n1\n2\n40\n")
    assert anew.json("replay", "@1")["verdict"] == "identical"
    anew.write("ask.py", "print(input(), input())")
    anew("run", "ask.py", input="one\ntwo\n")
    assert anew.json("replay", "@1")["verdict"] == "identical"


def test_stdin_read_by_another_program_is_a_gap(anew: Anew) -> None:
    done = anew("run", "cat", input="unseen\n")
    assert "(1 gap)" in done.stderr
    assert "stdin" in str(anew.json("show", "@1")["coverage"]["gaps"])


def test_parameters_are_known_from_outside(anew: Anew) -> None:
    anew.write("settings.json", '{"model": {"depth": 4}, "api_key": "abc"}')
    anew.write("more.toml", "[train]\nepochs = 3\n")
    anew.write(
        "train.py",
        "import argparse, json, tomllib\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float, default=0.5)\n"
        "print(p.parse_args().lr, json.load(open('settings.json'))['model'], tomllib.load(open('more.toml', 'rb')))\n",
    )
    anew("run", "train.py", "--lr", "0.25")
    found = {
        p["name"]: p["value"]
        for p in anew.json("show", "@1")["recipe"]["configuration"]["parameters"]
    }
    assert (found["lr"], found["model.depth"], found["train.epochs"]) == (0.25, 4, 3)
    assert found["api_key"] == "<redacted>"
    assert [run["id"] for run in anew.json("ls", "--param", "lr<0.3")["runs"]]


def test_programs_that_cannot_be_followed_are_a_gap(anew: Anew) -> None:
    anew.environ["ANEW_SHIM"] = "none"
    assert "coverage 99 % (1 gap)" in anew("run", "sh", "-c", "cat /dev/null; echo x").stderr
    assert "coverage 99 % (1 gap)" in anew("run", "--", "python", "-I", "-c", "print(1)").stderr
    anew.write("call.py", "import subprocess\nsubprocess.run(['ls', '.'])")
    done = anew("run", "call.py")
    assert "(1 gap)" in done.stderr
    assert "ls" in str(anew.json("show", "@1")["coverage"]["gaps"])


def test_large_git_project_is_held_whole_and_listed_once(anew: Anew) -> None:
    for folder in range(501):
        place = anew.project / f"f{folder}"
        place.mkdir()
        for number in range(100):
            (place / f"{number}.txt").write_text(f"{folder} {number}")
    anew.write("train.py", "import random\nprint(random.random(), open('f7/7.txt').read())")

    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words],
            cwd=anew.project,
            check=True,
            capture_output=True,
        )

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "all")
    anew("run", "--name", "first", "train.py")
    anew.write("f3/3.txt", "changed")
    anew("run", "--name", "second", "train.py")

    anew("get", "second", "f3", "-o", "there")
    assert (anew.project / "there" / "f3" / "3.txt").read_text() == "changed"
    assert len(list((anew.project / "there" / "f3").iterdir())) == 100
