"""The clean room: nothing in view but the record, what is lent by name, and what was missing."""

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

import pytest

import anew as anew_itself
from tests import wheelhouse
from tests.conftest import ANEW, Anew

PROBE = "from anew.execute import room_clean; print(room_clean.why_impossible(), end='')"


@functools.cache
def why_not() -> str:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def room(anew: Anew) -> Anew:
    if why_not():
        pytest.skip(f"no clean room can be made here: {why_not()}")
    return anew


def isolated(anew: Anew, *words: str, check: int | None = 0, **options: Any) -> dict[str, Any]:
    return anew.json("replay", *words, "--isolate", check=check, **options)


def test_a_replay_with_everything_gone_is_identical_and_proved(room: Anew) -> None:
    room.write("train.py", "open('out.txt', 'w').write(open('data/x.csv').read() * 2)\n")
    room.write("data/x.csv", "1,2\n")
    room("run", "--name", "a", "train.py")
    shutil.rmtree(room.project)
    document = isolated(room, "a", cwd="/")

    assert document["verdict"] == "identical"
    assert document["isolation"]["proved"] is True
    assert document["isolation"]["by"] == "namespaces"
    assert document["restored"]["isolation"] == {"exact": True, "note": ""}
    assert document["isolation"]["missing"] == []
    roles = {each["role"] for each in document["isolation"]["lent"]}
    assert {"system", "environment"} <= roles
    assert not room.project.exists()


def test_only_the_record_is_in_view(room: Anew) -> None:
    secret = room.home / "secret.txt"
    secret.write_text("x")
    script = f"""
import os, sys
if os.environ.get("LOOK"):
    home = os.path.expanduser("~")
    print("home", os.listdir(home))
    print("secret", os.path.exists({str(secret)!r}))
    print("tmp", [name for name in os.listdir("/tmp") if not name.startswith("pytest")])
    print("processes", len([name for name in os.listdir("/proc") if name.isdigit()]) <= 2)
    print("interfaces", os.listdir("/sys/class/net") if os.path.exists("/sys/class/net") else [])
    print("shadow", os.path.exists("/etc/shadow"))
    print("devices", os.path.exists("/dev/null"), os.path.exists("/dev/sda"), os.path.exists("/dev/vda"))
print("done")
"""
    room.write("look.py", script)
    room("run", "--name", "look", "look.py")
    document = isolated(room, "look", "--set", "LOOK=1", check=10)
    seen = room("logs", document["run"]).stdout.splitlines()

    assert "secret False" in seen
    assert "processes True" in seen
    assert "interfaces []" in seen
    assert "shadow False" in seen
    assert "devices True False False" in seen


def test_paths_user_and_machine_are_the_original_ones(room: Anew) -> None:
    room.write(
        "who.py",
        "import getpass, os, pwd, socket\n"
        "print(os.getcwd(), __file__, os.getuid(), pwd.getpwuid(os.getuid()).pw_name)\n"
        "print(getpass.getuser(), socket.gethostname(), os.uname().nodename)\n",
    )
    # Recorded on another host, by another user: a namespace with a host name and number of its own.
    named = 'hostname far-away 2>/dev/null; exec setpriv --reuid 0 -- "$@"'
    able = ["unshare", "--user", "--map-root-user", "--uts", "sh", "-c", named, "sh"]
    if subprocess.run([*able, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no user namespaces with a host name of their own here")
    done = subprocess.run(
        [*able, *ANEW, "run", "--name", "who", "who.py"],
        cwd=room.project, env=room.variables(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "far-away" in done.stdout
    document = isolated(room, "who")

    assert document["verdict"] == "identical"
    assert room("logs", document["run"]).stdout == done.stdout


def test_a_user_who_is_not_root_has_a_clean_room_too(room: Anew) -> None:
    room.write("train.py", "print(open('data.txt').read())\n")
    room.write("data.txt", "7")
    room("run", "--name", "a", "train.py")
    other = ["unshare", "--user", "--map-user=1234", "--map-group=1234"]
    if subprocess.run([*other, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no user namespaces here")
    done = subprocess.run(
        [*other, *ANEW, "replay", "a", "--isolate", "--json"],
        cwd=room.project, env=room.variables(), capture_output=True, text=True, check=False,
    )  # fmt: skip

    document = json.loads(done.stdout)
    assert document["verdict"] == "identical", document
    assert document["isolation"]["proved"] is True


def test_inputs_can_only_be_read(room: Anew) -> None:
    room.write(
        "train.py",
        "import os\n"
        "text = open('data.txt').read()\n"
        "if os.environ.get('SPOIL'):\n"
        "    try:\n"
        "        open('data.txt', 'w').write('spoilt')\n"
        "    except OSError as error:\n"
        "        print(error.strerror)\n"
        "open('log.txt', 'a').write(text)\n",
    )
    room.write("data.txt", "7")
    room.write("log.txt", "before ")
    room("run", "--name", "a", "train.py")
    document = isolated(room, "a", "--set", "SPOIL=1", check=10)

    assert "Read-only file system" in room("logs", document["run"]).stdout
    assert isolated(room, "a")["verdict"] == "identical"  # an input that is appended to
    assert isolated(room, "a")["isolation"]["writable"] == 1


def test_an_input_that_was_opened_for_update_and_not_changed_can_be_again(room: Anew) -> None:
    room.write("train.py", "print(open('data.txt', 'r+').read())\n")
    room.write("data.txt", "7")
    room("run", "--name", "a", "train.py")

    assert isolated(room, "a")["verdict"] == "identical"


def test_what_the_record_lacks_is_named_with_its_remedy(room: Anew) -> None:
    cache = room.home / ".cache" / "pip"
    cache.mkdir(parents=True)
    outside = cache.parent.parent / ".conda" / "pkgs" / "table"
    outside.parent.mkdir(parents=True)
    outside.write_text("known")
    room.write(
        "train.py",
        "import os\n"
        "path = os.path.expanduser('~/.conda/pkgs/../pkgs/table')\n"
        "print(open(os.path.expanduser('~/.conda/pkgs/table')).read())\n",
    )
    room("run", "--name", "a", "train.py")
    document = isolated(room, "a", check=10)
    [missing] = document["isolation"]["missing"]

    assert (missing["kind"], missing["name"], missing["here"]) == ("file", str(outside), True)
    assert f"--lend {outside}" in missing["remedy"]
    assert "missing: file" in room("replay", "a", "--isolate", check=10).stdout
    lent = isolated(room, "a", "--lend", str(outside))
    assert lent["verdict"] == "identical"
    assert {"path": str(outside), "role": "asked for"} in lent["isolation"]["lent"]


def test_a_connection_that_is_cut_is_named(room: Anew) -> None:
    room.write(
        "fetch.py",
        "import socket\n"
        "s = socket.socket(); s.settimeout(0.2)\n"
        "try: s.connect(('192.0.2.7', 80))\n"
        "except OSError: print('no answer')\n",
    )
    room("run", "--name", "a", "fetch.py")
    missing = isolated(room, "a", check=None)["isolation"]["missing"]

    assert [(each["kind"], each["name"]) for each in missing] == [("connection", "192.0.2.7:80")]


def test_processes_of_a_room_reach_each_other(room: Anew) -> None:
    room.write(
        "pool.py",
        "import multiprocessing as m, socket, threading\n"
        "def f(x): return x * x\n"
        "if __name__ == '__main__':\n"
        "    with m.Pool(2) as pool: print(pool.map(f, range(4)))\n"
        "    s = socket.create_server(('127.0.0.1', 0))\n"
        "    c = socket.create_connection(s.getsockname())\n"
        "    s.accept()[0].sendall(b'hello'); print(c.recv(5))\n",
    )
    room("run", "--name", "a", "pool.py")

    assert isolated(room, "a")["verdict"] == "identical"


def test_nothing_of_a_room_outlives_it(room: Anew) -> None:
    mark = f"1{os.getpid()}"
    room.write(
        "left.py",
        "import subprocess\n"
        f"subprocess.Popen(['sleep', '{mark}'], start_new_session=True,\n"
        "    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "print('left')\n",
    )
    room("run", "--name", "a", "left.py")
    subprocess.run(["pkill", "-f", f"^sleep {mark}$"], check=True)
    isolated(room, "a")
    time.sleep(0.2)

    assert subprocess.run(["pgrep", "-f", f"^sleep {mark}$"], check=False).returncode == 1


def test_a_program_that_dies_by_a_signal_dies_so_again(room: Anew) -> None:
    room.write("die.py", "import os, signal\nprint(1, flush=True)\nos.kill(os.getpid(), 9)\n")
    room("run", "--name", "a", "die.py", check=137)
    document = isolated(room, "a")

    assert document["verdict"] == "identical"
    assert ("exit", "signal 9") in {(i["kind"], i["left"]) for i in document["items"]}


def test_a_replay_that_takes_too_long_is_stopped_with_all_it_started(room: Anew) -> None:
    room.write("slow.py", "import os, time\nif os.environ.get('SLOW'): time.sleep(60)\nprint(1)\n")
    room("run", "--name", "a", "slow.py")
    start = time.monotonic()
    document = isolated(room, "a", "--set", "SLOW=1", "--timeout", "1", check=12)

    assert document["verdict"] == "not replayed"
    assert time.monotonic() - start < 30


def test_a_program_from_elsewhere_is_in_the_record(room: Anew, tmp_path: Path) -> None:
    tool = tmp_path / "elsewhere" / "tool"
    tool.parent.mkdir()
    shutil.copy("/bin/echo", tool)
    room("run", "--name", "a", "--", str(tool), "hello")
    if "other programs than Python" in str(room.json("show", "a")["coverage"]["gaps"]):
        pytest.skip("Anew was built without its C library")
    shutil.rmtree(tool.parent)

    assert isolated(room, "a")["verdict"] == "identical"


def test_a_program_nobody_saw_is_not_there_unless_it_is_lent(room: Anew, tmp_path: Path) -> None:
    tool = tmp_path / "elsewhere" / "tool"
    tool.parent.mkdir()
    shutil.copy("/bin/echo", tool)
    room.environ["ANEW_SHIM"] = "none"
    room("run", "--name", "a", "--", str(tool), "hello")
    document = isolated(room, "a", check=12)

    assert f"the program {tool} is not in the record" in document["reason"]
    assert isolated(room, "a", "--lend", str(tool))["verdict"] == "identical"


def test_what_a_launcher_of_interpreters_leads_to_is_found_by_its_name(
    room: Anew, tmp_path: Path
) -> None:
    """As pyenv does it: a script in PATH chooses the interpreter, and puts its folder in front."""
    venv.create(tmp_path / "v", symlinks=True)
    shims = tmp_path / "shims"
    shims.mkdir()
    real = f"{tmp_path}/v/bin"
    (shims / "python").write_text(f'#!/bin/sh\nPATH={real}:$PATH exec {real}/python "$@"\n')
    (shims / "python").chmod(0o755)
    room.environ["PATH"] = f"{shims}:/usr/bin:/bin"
    room.write(
        "starts.py",
        "import subprocess\n"
        "code = 'import sys; print(sys.executable)'\n"
        "print(subprocess.run(['python', '-c', code], capture_output=True, check=True).stdout)\n",
    )
    assert real in room("run", "--name", "a", "starts.py").stdout
    assert isolated(room, "a")["verdict"] == "identical"


def test_limits_are_the_recorded_ones_and_said(room: Anew) -> None:
    room.write("cores.py", "import os\nprint(os.cpu_count() > 0)\n")
    room("run", "--name", "a", "cores.py")
    limits = isolated(room, "a", "--limits")["isolation"]["limits"]

    assert next(each.partition(" ")[0] for each in limits) == "memory"
    assert any(" cores by " in each for each in limits)


def test_a_verdict_in_a_clean_room_is_kept_with_its_date(room: Anew) -> None:
    room.write("train.py", "print(1)\n")
    room("run", "--name", "a", "train.py")
    plain = room.json("replay", "a")
    document = room.json("verify", "a", "--replay")

    assert document["verdict"] == "whole"
    assert [each["verdict"] for each in document["replays"]] == ["identical"]
    verdicts = room.json("show", "a")["verdicts"]
    assert [(v["replay"], v["isolated"]) for v in verdicts] == [
        (plain["run"], False), (document["replays"][0]["run"], True),
    ]  # fmt: skip
    [listed] = room.json("ls")["runs"]
    assert listed["verdict_isolated"] is True
    assert listed["verdict_at"] == verdicts[1]["given_at"]
    assert "in a clean room" in room("show", "a").stdout


def test_verify_alone_runs_nothing(room: Anew) -> None:
    room.write("train.py", "print(1)\n")
    room("run", "--name", "a", "train.py")
    document = room.json("verify", "a")

    assert document["replays"] is None
    assert room.json("show", "a")["verdicts"] == []


def test_where_no_room_can_be_made_nothing_is_said_to_be_proved(anew: Anew) -> None:
    anew.write("train.py", "print(open('data.txt').read())\n")
    anew.write("data.txt", "7")
    anew("run", "--name", "a", "train.py")
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && echo 0 > /proc/sys/user/max_pid_namespaces && exec "$@"'
    cut = ["unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh"]
    if subprocess.run([*cut, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no user namespaces here, in which to forbid them")
    done = subprocess.run(
        [*cut, *ANEW, "replay", "a", "--isolate", "--json"],
        cwd=anew.project, env=anew.variables(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    document = json.loads(done.stdout)

    assert document["verdict"] == "identical"
    assert document["isolation"]["proved"] is False
    assert document["restored"]["isolation"]["exact"] is False
    assert "not proved that the record suffices" in document["restored"]["isolation"]["note"]
    assert not anew.json("show", "a")["verdicts"][0]["isolated"]


def test_a_run_that_lists_the_root_is_replayed(anew: Anew, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "x").write_text("y")
    anew.write(
        "list.py",
        f"import os\nprint('usr' in os.listdir('/'), open({str(other / 'x')!r}).read())\n",
    )
    anew("run", "--name", "a", "list.py")

    assert anew.json("replay", "a")["verdict"] == "identical"
    if not why_not():
        assert isolated(anew, "a")["verdict"] == "identical"


def test_a_cache_in_the_original_home_is_a_cache_in_a_replay_from_another(
    room: Anew, tmp_path: Path
) -> None:
    room.write(
        "plot.py",
        "import os, pathlib\n"
        "place = pathlib.Path.home() / '.cache/matplotlib/fontlist.json'\n"
        "place.parent.mkdir(parents=True, exist_ok=True)\n"
        "if not place.exists(): place.write_text('{}')\n"
        "print('drawn')\n",
    )
    room("run", "--name", "a", "plot.py")
    other = tmp_path / "other-home"
    other.mkdir()
    document = isolated(room, "a", environ={"HOME": str(other), "ANEW_HOME": str(room.store)})

    assert document["verdict"] == "identical"


def test_what_is_compiled_into_the_users_cache_as_the_environment_is_read_only_is_no_output(
    room: Anew, tmp_path: Path
) -> None:
    """As Numba does it: beside the package, else in the cache of the user."""
    venv.create(tmp_path / "v", symlinks=True)
    room.environ["VIRTUAL_ENV"] = str(tmp_path / "v")
    room.write(
        "fast.py",
        "import os, pathlib, sys\n"
        "if not os.access(sys.prefix, os.W_OK):\n"
        "    place = pathlib.Path.home() / '.cache/numba/demo_1f/fast.nbc'\n"
        "    place.parent.mkdir(parents=True)\n"
        "    place.write_text('compiled')\n"
        "print(42)\n",
    )
    room("run", "--name", "a", "fast.py")
    document = isolated(room, "a")

    assert document["verdict"] == "identical"
    assert {item["kind"] for item in document["items"]} == {"console", "exit"}


def test_what_a_distribution_starts_its_python_with_is_there(room: Anew) -> None:
    [own, *_] = [*Path("/usr/lib").glob("python3.*/sitecustomize.py"), None]
    if own is None or not own.resolve().is_relative_to("/etc"):
        pytest.skip("no Python here keeps its sitecustomize in /etc")
    room.write("start.py", "import sitecustomize\nprint(sitecustomize.__file__)\n")
    done = room("run", "--name", "a", f"/usr/bin/{own.parent.name}", "start.py", check=None)
    if done.returncode != 0:
        pytest.skip("that Python does not run")
    assert str(own) in done.stdout
    assert isolated(room, "a")["verdict"] == "identical"


ADDRESSES = """
import sys
class Arm:
    def __init__(self, name): self.name = name
arms = {Arm(name) for name in "abcdefghijklmnopqrst"}
kept = [bytes(size) for size in range(1, 3000, 16)]
print([arm.name for arm in arms], sys.getallocatedblocks(), sys.path, sys.argv)
print([hex(id(each)) for each in kept], hex(id(bytes(10**6))))
with open("/proc/self/stat") as stream:  # where the stack, the heap, words and variables begin
    numbers = stream.read().rpartition(")")[2].split()
    print(numbers[25], numbers[42:49])
"""


@pytest.mark.parametrize("compiled", ["as it was", "newly", "not"])
def test_objects_lie_where_they_lay_wherever_store_and_anew_are(
    room: Anew, tmp_path: Path, compiled: str
) -> None:
    """By their addresses sets have an order: that of a far longer path must be the same."""
    own = tmp_path / "v"  # one that does not know Anew, which lies elsewhere each time
    venv.create(own, symlinks=True)
    room.environ["VIRTUAL_ENV"] = str(own)
    room.write("train.py", ADDRESSES)
    with (room.project / "large-and-not-used.bin").open("wb") as stream:
        stream.truncate(3 << 20)  # so that it does not come back
    short = Path(tempfile.mkdtemp(prefix="s", dir="/tmp"))
    try:
        room("run", "--name", "a", "--store", str(short / "s"), "train.py")
        printed = room("logs", "a", "--store", str(short / "s")).stdout
        store = tmp_path / ("a rather long name" * 10) / "store"
        shutil.copytree(short / "s", store)
    finally:
        shutil.rmtree(short)
    copy = tmp_path / ("another installation" * 8)
    shutil.copytree(Path(anew_itself.__file__).parent, copy / "anew")
    caches = list((copy / "anew" / "probe").rglob("__pycache__"))
    assert caches
    for cache in caches if compiled != "as it was" else ():
        shutil.rmtree(cache)
    if compiled == "newly":
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(copy)], check=True)
    if any("other programs than Python" in str(each) for each in
           room.json("show", "a", "--store", str(store))["coverage"]["gaps"]):  # fmt: skip
        pytest.skip("Anew was built without its C library")

    there = {"PYTHONPATH": str(copy)}
    for words in ([], ["--isolate"]):
        document = room.json(
            "replay", "a", "--store", str(store), *words, environ=there, check=None
        )
        assert room("logs", document["run"], "--store", str(store)).stdout == printed
        assert document["verdict"] == "identical"


def test_a_library_from_elsewhere_is_the_records_own(anew: Anew, tmp_path: Path) -> None:
    """It is there, byte for byte, whether it lies on this machine still or not."""
    library = tmp_path / "opt" / "lib" / "libown.so"
    library.parent.mkdir(parents=True)
    shutil.copy(wheelhouse.native("_heapq"), library)
    anew.write("load.py", f"import ctypes\nctypes.CDLL({str(library)!r})\nprint('loaded')\n")
    anew("run", "--name", "loads", "load.py")
    assert anew.json("replay", "loads", "--isolate")["verdict"] == "identical"
    shutil.rmtree(library.parent)
    assert anew.json("replay", "loads", "--isolate")["verdict"] == "identical"
