"""The environment of a run in a container: built by a real engine, twice the same, and replayed in."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.pylock import Pylock

from tests import engines, wheelhouse
from tests.cli.conftest import check
from tests.conftest import Anew

WORK = """
import os, random, socket, sys
import demo
rows = [float(line) for line in open("data.csv")]
print("mean", sum(rows) / len(rows), demo.ANSWER, demo._heapq.heappop([3]), random.random())
print(sys.prefix, sys.executable, os.getcwd(), socket.gethostname(), sys.argv[1:], file=sys.stderr)
print(sorted(os.environ) == sorted(os.environ), os.environ.get("container"), os.environ["HOME"])
open("out.txt", "w").write(repr(sum(rows)))
"""
ENDS = {
    "code": "import sys; print(1); sys.exit(3)",
    "signal": "import os; print(1, flush=True); os.kill(os.getpid(), 15)",
    "abort": "import os; print(1, flush=True); os.abort()",
    "child": "import subprocess; print(subprocess.run(['/bin/sh', '-c', 'exit 5']).returncode)",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("engine")
    place = engines.engine(folder)
    reason = engines.why_not(place)
    if reason:
        pytest.skip(reason)
    yield place
    subprocess.run([place / "podman", "image", "unmount", "--all", "--force"], check=False)
    subprocess.run([place / "podman", "rmi", "--all", "--force"], check=False, capture_output=True)


@pytest.fixture(scope="module")
def imaged(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Anew, dict[str, Any]]:
    """A run in an environment inside its project, and the image built of that."""
    top = tmp_path_factory.mktemp("imaged")
    anew = Anew(top / "home", top / "a project")
    for folder in (anew.home, anew.project):
        folder.mkdir()
    python = engines.interpreter(top / "python")
    place = anew.project / ".venv"
    wheelhouse.make(place, wheelhouse.demo(anew.home / "wheels"), python=str(python))
    anew.environ["PATH"] = f"{engine}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    anew.write("work.py", WORK)
    anew.write("data.csv", "1\n2\n4.5\n")
    for name, text in ENDS.items():
        anew.write(f"ends by {name}.py", text)
        anew("run", "--name", name, ".venv/bin/python", f"ends by {name}.py", check=None)
    anew("run", "--name", "work", ".venv/bin/python", "work.py", "a b", "$c")
    document = check(anew.json("env", "image", "work", "-o", str(top / "context"), "--base",
                               engines.BASE, "--build"))  # fmt: skip
    return anew, document


def test_the_context_names_its_base_by_digest(imaged: tuple[Anew, dict[str, Any]]) -> None:
    anew, document = imaged
    place = Path(document["place"])
    text = (place / "Containerfile").read_text()
    assert document["base"]["name"] == engines.BASE
    assert "@sha256:" in document["base"]["by_digest"]
    assert f"FROM {document['base']['by_digest']}\n" in text
    python = str(anew.project / ".venv" / "bin" / "python")
    assert f"ENTRYPOINT {json.dumps([python])}\n" in text
    assert 'CMD ["work.py", "a b", "$c"]\n' in text
    assert document["base"]["by_digest"] in (place / "apptainer.def").read_text()
    editor = json.loads((place / ".devcontainer" / "devcontainer.json").read_text())
    assert editor["workspaceFolder"] == str(anew.project)
    Pylock.from_dict(tomllib.loads((place / "pylock.toml").read_text())).validate()
    assert [path.name for path in (place / "wheels").iterdir()] == ["demo-1.0-py3-none-any.whl"]
    anew("env", "image", "work", "-o", str(place), check=28)  # nothing is written over


def test_the_line_in_the_containerfile_runs_the_command(
    imaged: tuple[Anew, dict[str, Any]], tmp_path: Path
) -> None:
    """From a folder with code and data alone: the environment in it is the image's."""
    anew, document = imaged
    text = (Path(document["place"]) / "Containerfile").read_text()
    (line,) = (each for each in text.splitlines() if "podman run" in each)
    for name in ("work.py", "data.csv"):
        shutil.copy(anew.project / name, tmp_path)
    limits = "--network=none --ulimit=nofile=1024:1024 --ulimit=nproc=1024:1024"
    command = line.removeprefix("#").replace("--rm", f"--rm {limits}")
    command = command.removesuffix("NAME") + document["image"]["name"]
    done = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True,
                          env=anew.variables(), check=False)  # fmt: skip
    assert done.stdout.startswith("mean 2.5 42 3 "), done.stderr
    assert (tmp_path / "out.txt").read_text() == "7.5"


def test_the_image_starts_the_interpreter(imaged: tuple[Anew, dict[str, Any]]) -> None:
    anew, document = imaged
    podman = shutil.which("podman", path=anew.environ["PATH"])
    assert podman is not None
    limits = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"]
    done = subprocess.run(
        [podman, "run", "--rm", "--network=none", *limits, document["image"]["name"], "-c",
         "import demo, sys; print(demo.ANSWER, sys.flags.dont_write_bytecode, demo.__cached__)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("42 ")


@pytest.mark.parametrize("builder", ["podman", "buildah"])
def test_built_again_it_has_the_same_digest(
    imaged: tuple[Anew, dict[str, Any]], engine: Path, builder: str, tmp_path: Path
) -> None:
    anew, document = imaged
    if not (engine / builder).exists():
        pytest.skip(f"{builder} is not installed")
    only = tmp_path / "bin"
    only.mkdir()
    (only / builder).symlink_to(engine / builder)
    (only / "podman").unlink(missing_ok=True)
    (only / "podman").symlink_to(engine / "podman")
    path = f"{only}:{Path(sys.executable).parent}:/usr/bin:/bin"
    if builder == "podman":  # without buildah on PATH, which would come first
        tools = tmp_path / "tools"
        tools.mkdir()
        for name in ("sh", "git"):
            (tools / name).symlink_to(shutil.which(name) or name)
        path = f"{only}:{Path(sys.executable).parent}:{tools}"
    again = check(anew.json("env", "image", "work", "-o", str(tmp_path / "again"), "--base",
                            engines.BASE, "--build", "--no-lock", environ={"PATH": path}))  # fmt: skip
    assert again["builder"] == builder
    assert again["image"]["digest"] == document["image"]["digest"]
    assert again["image"]["id"] == document["image"]["id"]
    (shown,) = check(anew.json("env", "show", "work"))["images"]
    assert shown["digest"] == document["image"]["digest"]
    assert document["image"]["name"] in anew("env", "show", "work").stdout


def test_a_replay_in_the_container_is_judged_as_any(imaged: tuple[Anew, dict[str, Any]]) -> None:
    anew, document = imaged
    replayed = check(anew.json("replay", "work", "--in-container", timeout=120))
    assert replayed["verdict"] == "identical"
    assert {item["name"] for item in replayed["items"]} >= {"stdout", "stderr", "out.txt"}
    assert (
        "in the image " + document["image"]["name"] in replayed["restored"]["environment"]["note"]
    )
    assert (replayed["isolation"]["proved"], replayed["isolation"]["by"]) == (True, "podman")
    roles = {each["role"]: each["path"] for each in replayed["isolation"]["lent"]}
    assert roles.keys() == {"image", "recorder"}
    shown = anew.json("show", replayed["run"])
    assert document["image"]["digest"] in shown["circumstances"]["container"]
    assert shown["circumstances"]["system"] == "Small 1"
    digest = anew.json("show", "work")["recipe"]["environment"]["digest"]
    assert shown["recipe"]["environment"]["digest"] == digest
    assert shown["coverage"]["percent"] == 100
    assert "podman" in anew("replay", "work", "--in-container").stdout


def test_objects_lie_where_they_lay(imaged: tuple[Anew, dict[str, Any]]) -> None:
    """By their addresses sets of them have an order."""
    anew, _ = imaged
    anew.write("arms.py", "class Arm:\n    pass\n\narms = {Arm() for _ in range(20)}\n"
                          "print([hex(id(arm)) for arm in arms])\n")  # fmt: skip
    anew("run", "--name", "arms", ".venv/bin/python", "arms.py")
    assert anew.json("replay", "arms", "--in-container", check=None)["verdict"] == "identical"


def test_it_needs_neither_project_nor_environment_nor_home(
    imaged: tuple[Anew, dict[str, Any]], tmp_path: Path
) -> None:
    anew, _ = imaged
    away = tmp_path / "away"
    anew.project.rename(away)
    try:
        anew.project.mkdir()
        replayed = anew.json("replay", "work", "--in-container")
        anew.project.rmdir()
    finally:
        if not anew.project.exists():
            away.rename(anew.project)
    assert replayed["verdict"] == "identical"


@pytest.mark.parametrize("name", ENDS)
def test_it_ends_as_the_original_ended(imaged: tuple[Anew, dict[str, Any]], name: str) -> None:
    anew, _ = imaged
    replayed = check(anew.json("replay", name, "--in-container", check=None))
    assert replayed["verdict"] == "identical", replayed
    outcome = anew.json("show", replayed["run"])["outcome"]
    wanted = {"code": (3, None), "signal": (None, signal.SIGTERM), "abort": (None, signal.SIGABRT),
              "child": (0, None)}  # fmt: skip
    assert (outcome["exit_code"], outcome["signal"]) == wanted[name]


def test_kinds_of_streams_are_the_recorded_ones(imaged: tuple[Anew, dict[str, Any]]) -> None:
    anew, _ = imaged
    anew.write("kinds.py", "import os, stat, sys\n"
               "kinds = [stat.S_IFMT(os.fstat(n).st_mode) for n in (0, 1, 2)]\n"
               "open('kinds.txt', 'w').write(repr(kinds) + sys.stdin.read())\n")  # fmt: skip
    with (anew.project / "log.txt").open("w") as log:
        anew("run", "--name", "kinds", ".venv/bin/python", "kinds.py", input="fed\n",
             capture_output=False, stdout=log, stderr=subprocess.PIPE)  # fmt: skip
    assert anew.json("replay", "kinds", "--in-container", check=None)["verdict"] == "identical"


def test_there_is_no_network_and_nothing_of_this_machine(
    imaged: tuple[Anew, dict[str, Any]], tmp_path: Path
) -> None:
    anew, _ = imaged
    (tmp_path / "secret.txt").write_text("x")
    anew.write("look.py", f"import os\nprint(os.path.exists({str(tmp_path)!r}), "
               "os.path.exists('/usr/bin/git'), len(os.listdir('/sys/class/net')))\n")  # fmt: skip
    anew("run", "--name", "look", ".venv/bin/python", "look.py")
    assert anew.json("replay", "look", "--in-container", check=10)["verdict"] == "diverged"
    replay = anew.json("replay", "look", "--in-container", check=10)["run"]
    assert anew("logs", replay).stdout == "False False 1\n"


def test_a_container_that_takes_too_long_is_gone(imaged: tuple[Anew, dict[str, Any]]) -> None:
    anew, _ = imaged
    anew.write(
        "slow.py", "import time, os\nif not os.path.exists('/usr/bin/git'): time.sleep(600)\n"
    )
    anew("run", "--name", "slow", ".venv/bin/python", "slow.py")
    replayed = anew.json("replay", "slow", "--in-container", "--timeout", "3", check=12)
    assert "3 s" in replayed["reason"]
    podman = shutil.which("podman", path=anew.environ["PATH"])
    assert podman is not None
    left = subprocess.run([podman, "ps", "-aq"], capture_output=True, text=True, check=True)
    assert left.stdout == ""


def left_over(anew: Anew) -> dict[str, str]:
    """Return what is still there of replays: containers, images shown, processes, folders."""
    podman = shutil.which("podman", path=anew.environ["PATH"])
    assert podman is not None
    found = {
        words[0]: subprocess.run([podman, *words], capture_output=True, text=True,
                                 check=True).stdout
        for words in (("ps", "-aq"), ("image", "mount"))
    }  # fmt: skip
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    found["mounts"] = "".join(line for line in mounts if f"{anew.home.parent.parent}/" in line
                              and "merged" in line)  # fmt: skip
    for folder in ("rooms", "spool", "leases"):
        names = [each.name for each in (anew.store / folder).glob("*") if each.name != ".lock"]
        found[folder] = " ".join(names)
    return {name: text for name, text in found.items() if text.strip()}


def started(anew: Anew, name: str) -> subprocess.Popen[str]:
    anew.write("wait.py", "import time, os\nprint('on', flush=True)\n"
               "if not os.path.exists('/usr/bin/git'): time.sleep(600)\n")  # fmt: skip
    anew("run", "--name", name, ".venv/bin/python", "wait.py")
    null = subprocess.DEVNULL  # what goes on without it would hold a pipe open
    return anew.start("replay", name, "--in-container", stdout=null, stderr=null)


def wait_for_container(anew: Anew) -> None:
    podman = shutil.which("podman", path=anew.environ["PATH"])
    for _ in range(300):
        done = subprocess.run([podman, "ps", "-q"], capture_output=True, text=True, check=True)
        if done.stdout.strip():
            return
        time.sleep(0.1)
    raise AssertionError("no container came up")


@pytest.mark.parametrize("whom", ["anew", "all of its processes"])
def test_the_next_command_clears_up_after_a_killed_replay(
    imaged: tuple[Anew, dict[str, Any]], whom: str
) -> None:
    anew, _ = imaged
    replay = started(anew, "killed")
    wait_for_container(anew)
    below = descendants(replay.pid) if whom != "anew" else []
    for pid in (replay.pid, *below):
        os.kill(pid, signal.SIGKILL)
    replay.wait()
    assert left_over(anew).keys() >= {"image", "rooms"}
    listed = anew("ls", "--all", "--replays")
    assert left_over(anew) == {}, listed.stderr
    assert anew.json("replay", "work", "--in-container")["verdict"] == "identical"
    assert left_over(anew) == {}


@pytest.mark.parametrize("seconds", [0.3, 0.7, 1.1])
def test_a_replay_killed_at_any_time_leaves_nothing_for_long(
    imaged: tuple[Anew, dict[str, Any]], seconds: float
) -> None:
    anew, _ = imaged
    replay = started(anew, "killed-early")
    time.sleep(seconds)
    replay.kill()
    replay.wait()
    time.sleep(1)  # for an engine that was just about to start a container
    anew("ls")
    assert left_over(anew) == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_replay_that_is_asked_to_end_clears_up_itself(
    imaged: tuple[Anew, dict[str, Any]], number: signal.Signals
) -> None:
    anew, _ = imaged
    replay = started(anew, "asked")
    wait_for_container(anew)
    time.sleep(0.5)
    replay.send_signal(number)
    assert replay.wait(timeout=60) in (10, 11, 12)
    assert left_over(anew) == {}


def descendants(pid: int) -> list[int]:
    """Return the processes below one, the engine's monitor of a container left out."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def test_another_image_under_the_name_is_not_used(
    imaged: tuple[Anew, dict[str, Any]], engine: Path
) -> None:
    anew, document = imaged
    name, podman = document["image"]["name"], str(engine / "podman")
    subprocess.run([podman, "tag", engines.BASE, name], check=True)
    try:
        refused = anew.json("replay", "work", "--in-container", check=12)
        assert refused["verdict"] == "not replayed"
        assert f"{name} was built, and is gone or another" in refused["reason"]
    finally:
        subprocess.run([podman, "tag", document["image"]["id"], name], check=True)
    assert anew.json("replay", "work", "--in-container")["verdict"] == "identical"


def test_a_run_in_a_container_records_its_image(engine: Path, tmp_path: Path) -> None:
    """podman tells a privileged container its image; another is told by a variable."""
    (tmp_path / "x.py").write_text("print(1)\n")
    root = Path(__file__).parents[2]
    shown = [str(root), sys.base_prefix, sys.prefix, "/usr", "/lib", "/lib64", "/bin"]
    mounts = [f"--volume={place}:{place}:ro" for place in dict.fromkeys(shown)]
    done = subprocess.run(
        [engine / "podman", "run", "--rm", "--privileged", "--network=none",
         "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", *mounts,
         f"--volume={tmp_path}:/own", "--workdir=/own", "--env=ANEW_HOME=/own/store",
         "--env=HOME=/own", engines.BASE, sys.executable, "-m", "anew", "run", "x.py"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    anew = Anew(tmp_path / "home", tmp_path, {"ANEW_HOME": str(tmp_path / "store")})
    (run,) = anew.json("ls", "--all")["runs"]
    container = anew.json("show", run["id"])["circumstances"]["container"]
    image = subprocess.run([engine / "podman", "image", "inspect", "--format", "{{.Id}}",
                            engines.BASE], capture_output=True, text=True, check=True)  # fmt: skip
    assert container == f"podman {engines.BASE} sha256:{image.stdout.strip()}"
    anew("run", "x.py", environ={"ANEW_IMAGE": "somewhere/image@sha256:12"})
    container = anew.json("show", "@1")["circumstances"]["container"]
    assert container.endswith("somewhere/image@sha256:12")


def test_without_an_engine_the_context_is_written_and_said(anew: Anew, tmp_path: Path) -> None:
    python = engines.interpreter(tmp_path / "python")
    place = tmp_path / "venv"
    wheelhouse.make(place, wheelhouse.demo(anew.home / "wheels"), python=str(python))
    anew.write("use.py", "import demo\n")
    anew("run", "--name", "used", f"{place}/bin/python", "use.py")
    tools = tmp_path / "tools"
    tools.mkdir()
    anew.environ["PATH"] = f"{Path(sys.executable).parent}:{tools}"
    document = check(anew.json("env", "image", "used", "-o", str(tmp_path / "context")))
    assert (document["base"]["by_digest"], document["image"]) == (None, None)
    assert "not named by its digest" in document["notes"][0]
    assert (tmp_path / "context" / "rootfs" / str(place)[1:] / "bin" / "python").is_symlink()
    refused = anew("env", "image", "used", "-o", str(tmp_path / "c"), "--base",
                   "x@sha256:1", "--build", check=35)  # fmt: skip
    assert "no container engine" in refused.stderr
    document = check(anew.json("replay", "used", "--in-container", check=12))
    assert "no container engine" in document["reason"]
    for other in ("--isolate", "--in=x", "--with=demo==2", "--limits"):
        anew("replay", "used", "--in-container", other, check=2)
