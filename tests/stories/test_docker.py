"""Docker, whose images cannot be looked into: their files are taken out, and compared all the same."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import engines, wheelhouse
from tests.cli.conftest import check
from tests.conftest import Anew

WORK = """
import os, random, sys
import demo
print(demo.ANSWER, random.random(), sys.executable, os.getcwd())
open("out.txt", "w").write(open("data.csv").read() * 2)
"""
BASE = "small:1"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with_daemon = engines.docker(tmp_path_factory.mktemp("docker"))
    address = next(with_daemon)
    if not address:
        pytest.skip("no Docker that can be started here")
    yield address
    next(with_daemon, None)


@pytest.fixture(scope="module")
def imaged(address: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Anew, dict[str, Any]]:
    """A run in an environment of its own, and the image that Docker built of that."""
    top = tmp_path_factory.mktemp("imaged")
    anew = Anew(top / "home", top / "project", {"DOCKER_HOST": address})
    for folder in (anew.home, anew.project, top / "bin"):
        folder.mkdir()
    for name in ("docker", "sh", "git"):  # and neither podman nor buildah, which come first
        (top / "bin" / name).symlink_to(shutil.which(name) or name)
    anew.environ["PATH"] = f"{Path(sys.executable).parent}:{top}/bin"
    engines.make_base(top / "base.tar")
    docker(anew, "import", str(top / "base.tar"), BASE)
    place = anew.project / ".venv"
    python = engines.interpreter(top / "python")
    wheelhouse.make(place, wheelhouse.demo(anew.home / "wheels"), python=str(python))
    anew.write("work.py", WORK)
    anew.write("data.csv", "1\n2\n")
    anew("run", "--name", "work", ".venv/bin/python", "work.py")
    document = check(anew.json("env", "image", "work", "-o", str(top / "context"), "--base", BASE,
                               "--build", "--no-lock", timeout=200))  # fmt: skip
    return anew, document


def docker(anew: Anew, *words: str) -> str:
    done = subprocess.run(["docker", *words], env=anew.variables(), capture_output=True, text=True,
                          check=True)  # fmt: skip
    return done.stdout


def test_a_base_without_a_digest_is_named_and_said(imaged: tuple[Anew, dict[str, Any]]) -> None:
    anew, document = imaged
    assert (document["builder"], document["base"]["by_digest"]) == ("docker", None)
    assert f"{BASE} is not named by its digest: docker knows none" in document["notes"][0]
    (built,) = check(anew.json("env", "show", "work"))["images"]
    assert built["digest"].startswith("sha256:")


def test_the_image_is_compared_and_the_replay_identical(
    imaged: tuple[Anew, dict[str, Any]],
) -> None:
    anew, _ = imaged
    replayed = check(anew.json("replay", "work", "--in-container", timeout=120))
    assert replayed["verdict"] == "identical"
    assert (replayed["isolation"]["proved"], replayed["isolation"]["by"]) == (True, "docker")
    assert "could not be looked at" not in replayed["restored"]["environment"]["note"]
    shown = anew.json("show", replayed["run"])
    digest = anew.json("show", "work")["recipe"]["environment"]["digest"]
    assert shown["recipe"]["environment"]["digest"] == digest
    assert left_over(anew) == ""


@pytest.mark.parametrize("seconds", [0.4, 0.8, 1.6])
def test_a_killed_replay_is_cleared_up_by_the_next_command(
    imaged: tuple[Anew, dict[str, Any]], seconds: float
) -> None:
    anew, _ = imaged
    null = subprocess.DEVNULL
    replay = anew.start("replay", "work", "--in-container", stdout=null, stderr=null)
    time.sleep(seconds)
    os.kill(replay.pid, signal.SIGKILL)
    replay.wait()
    time.sleep(1)  # for an engine that was just about to make a container
    anew("ls")
    assert left_over(anew) == ""


def left_over(anew: Anew) -> str:
    """Return what is still there of replays: containers, folders."""
    rooms = [each.name for each in (anew.store / "rooms").glob("*") if each.name != ".lock"]
    return docker(anew, "ps", "-aq") + " ".join(rooms)
