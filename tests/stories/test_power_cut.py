"""The power goes: what was acknowledged is there, and what had ended is sealed later."""

import fcntl
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Anew

SHUT_DOWN, DROP_ALL = 0x8004587D, 2  # as if the power went: nothing more reaches the disk
READS = """
import glob
print(sum(len(open(path).read()) for path in glob.glob('data/*')), flush=True)
"""


@pytest.fixture
def cut(anew: Anew, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Put the store on a disk of its own, and give what cuts its power and starts it again."""
    tools = [shutil.which(name) for name in ("mkfs.ext4", "mount", "umount")]
    if sys.platform != "linux" or os.geteuid() or not all(tools):
        pytest.skip("a file system of its own needs root, mkfs.ext4 and mount")
    image, disk = tmp_path / "disk.img", tmp_path / "disk"
    disk.mkdir()
    with image.open("wb") as stream:
        stream.truncate(256 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    if not mounted(image, disk):
        pytest.skip("no image can be mounted here")
    anew.environ["ANEW_HOME"] = str(disk / "store")

    def power() -> None:
        # A copy: other mount namespaces may keep the file system that was shut down for a while.
        again = shutil.copy(image, tmp_path / "again.img")
        subprocess.run(["umount", "-l", str(disk)], check=True)
        assert mounted(again, disk)

    yield power
    subprocess.run(["umount", "-l", str(disk)], capture_output=True, check=False)


def mounted(image: Path, place: Path) -> bool:
    command = ["mount", "-o", "loop", str(image), str(place)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def switch_off(disk: Path) -> None:
    folder = os.open(disk, os.O_RDONLY)
    try:
        fcntl.ioctl(folder, SHUT_DOWN, struct.pack("I", DROP_ALL))
    finally:
        os.close(folder)


def test_a_run_that_had_ended_is_sealed_when_the_power_is_back(
    anew: Anew, cut: Callable[[], None]
) -> None:
    for number in range(2000):
        anew.write(f"data/{number}.txt", str(number) * 50)
    anew.write("read.py", READS)
    anew("run", "--name", "told", "read.py")
    disk = Path(anew.environ["ANEW_HOME"]).parent
    process = anew.start("run", "--name", "ended", "read.py")
    for pattern in ("spool/*/exit.json", "tmp/*"):  # contents are taken in: the end is on the disk
        while process.poll() is None and not list((disk / "store").glob(pattern)):
            time.sleep(0.002)
    switch_off(disk)
    process.kill()
    process.communicate()
    cut()

    runs = {run["name"]: run["status"] for run in anew.json("ls")["runs"]}
    assert runs == {"told": "finished", "ended": "finished"}
    assert anew("verify").returncode == 0
    for name in runs:
        assert anew.json("replay", name)["verdict"] == "identical"


def test_a_run_that_went_on_is_interrupted_and_in_nobody_s_way(
    anew: Anew, cut: Callable[[], None]
) -> None:
    anew.write("wait.py", "import time\nprint('ready', flush=True)\ntime.sleep(60)")
    process = anew.start("run", "wait.py", start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    switch_off(Path(anew.environ["ANEW_HOME"]).parent)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    cut()

    assert [run["status"] for run in anew.json("ls")["runs"]] == ["interrupted"]
    assert anew("ls").stderr == ""
    anew("run", "python", "-c", "print(1)")
    assert anew("verify").returncode == 0
