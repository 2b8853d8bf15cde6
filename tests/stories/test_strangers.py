"""What scripts of strangers do that ours do not: each case here was met in one, or near one."""

import shutil

import pytest

from tests.conftest import Anew


@pytest.fixture
def deep(anew: Anew) -> Anew:
    """The project one folder deeper, so that the folder around it is ours to look at."""
    anew.project = anew.project / "work" / "inner"
    anew.project.mkdir(parents=True)
    return anew


def replayed(anew: Anew, *, gone: bool = True, check: int | None = 0) -> dict[str, object]:
    """Run `x.py`, remove the project, replay, and return the document."""
    anew("run", "--name", "x", "x.py")
    if gone:
        shutil.rmtree(anew.project)
    return anew.json("replay", "x", "--offline", cwd="/", check=check)


def test_a_folder_shown_in_memory_has_no_entry_of_ours(deep: Anew) -> None:
    deep.write("x.py", "import subprocess\nprint(subprocess.check_output(['ls', '-A', '..']))\n")
    assert replayed(deep)["verdict"] == "identical"


def test_a_replay_beside_outside_outputs_leaves_the_disk_alone(deep: Anew) -> None:
    outside = deep.project.parent.parent / "out.txt"
    deep.write("x.py", f"open({str(outside)!r}, 'w').write('1')\n")
    assert replayed(deep)["verdict"] == "identical"
    assert not deep.project.exists()


def test_a_folder_of_thousands_of_files_is_shown_whole(deep: Anew) -> None:
    for number in range(4200):
        (deep.project.parent / f"{number:04}.txt").write_text(str(number))
    deep.write(
        "x.py", "import subprocess\nprint(subprocess.check_output('cat ../*.txt', shell=True))\n"
    )
    assert replayed(deep)["verdict"] == "identical"
