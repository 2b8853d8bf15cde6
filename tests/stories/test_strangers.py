"""What scripts of strangers do that ours do not: each case here was met in one, or near one."""

import shutil
import subprocess
import sys

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


def test_folders_that_the_run_made_outside_are_made_again(deep: Anew) -> None:
    base = deep.project.parent.parent
    deep.write(
        "x.py",
        f"import os\nos.mkdir({str(base / 'made')!r})\nos.makedirs({str(base / 'far/a/b')!r})\n"
        f"open({str(base / 'made/1.txt')!r}, 'w').write('1')\n"
        f"open({str(base / 'far/a/b/2.txt')!r}, 'w').write('2')\nprint('done')\n",
    )
    deep("run", "--name", "x", "x.py")
    for _ in range(2):  # beside what the run left, and without it
        document = deep.json("replay", "x", "--offline", cwd="/")
        assert document["verdict"] == "identical"
        assert len(document["items"]) == 4
        for name in ("made", "far"):
            shutil.rmtree(base / name, ignore_errors=True)
    assert sorted(each.name for each in base.iterdir()) == ["work"]


def test_a_folder_outside_that_the_run_removed_can_be_removed_again(deep: Anew) -> None:
    results = deep.project.parent.parent / "results"
    (results / "old").mkdir(parents=True)
    (results / "old" / "1.txt").write_text("old")
    deep.write(
        "x.py",
        f"import os, shutil\nplace = {str(results)!r}\nif os.path.exists(place):\n"
        "    print(sorted(os.listdir(place)))\n    shutil.rmtree(place)\n"
        "os.mkdir(place)\nopen(place + '/new.txt', 'w').write('new')\n"
        "print(os.listdir(place))\n",
    )
    assert replayed(deep)["verdict"] == "identical"
    assert (results / "new.txt").read_text() == "new"


def test_a_file_outside_that_is_written_over_unread_was_there(deep: Anew) -> None:
    log = deep.project.parent.parent / "log.txt"
    log.write_text("of another day")
    deep.write(
        "x.py",
        f"import os\nprint(os.path.exists({str(log)!r}))\nopen({str(log)!r}, 'w').write('new')\n",
    )
    assert replayed(deep)["verdict"] == "identical"
    assert log.read_text() == "new"


def test_a_file_outside_that_is_removed_unread_was_there(deep: Anew) -> None:
    lock = deep.project.parent.parent / "lock"
    lock.write_text("pid")
    deep.write(
        "x.py",
        f"import os\nif os.path.exists({str(lock)!r}):\n    os.remove({str(lock)!r})\n"
        "    print('removed')\nelse:\n    print('nothing')\n",
    )
    deep("run", "--name", "x", "x.py")
    assert deep.json("replay", "x", "--offline", cwd="/")["verdict"] == "identical"
    assert not lock.exists()


def test_a_listed_folder_that_holds_the_environment_does_not_hide_it(deep: Anew) -> None:
    around = deep.project.parent.parent
    python = around / "env" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(around / "env")], check=True)
    (around / "data").mkdir()
    (around / "data" / "1.csv").write_text("1")
    deep.write(
        "x.py",
        f"import os\nprint(sorted(os.listdir({str(around)!r})), open('../../data/1.csv').read())\n",
    )
    deep("run", "--name", "x", str(python), "x.py")
    shutil.rmtree(around / "data")
    document = deep.json("replay", "x", "--offline", cwd="/")
    assert document["verdict"] == "identical"
    assert not (around / "data").exists()


def test_what_lies_beside_a_file_deep_in_a_listed_folder_stays(deep: Anew) -> None:
    around = deep.project.parent.parent
    (around / "a" / "b").mkdir(parents=True)
    for name in ("read.txt", "other.txt"):
        (around / "a" / "b" / name).write_text(name)
    deep.write(
        "x.py",
        f"import os, subprocess\nplace = {str(around)!r}\nprint(sorted(os.listdir(place)))\n"
        "print(open(place + '/a/b/read.txt').read())\n"
        "print(subprocess.check_output(['cat', place + '/a/b/other.txt']))\n",
    )
    assert replayed(deep)["verdict"] == "identical"


def test_a_folder_renamed_into_place_outside_is_all_outputs(deep: Anew) -> None:
    base = deep.project.parent.parent
    part, whole = base / "results.part", base / "results"
    deep.write(
        "x.py",
        f"import os\nos.makedirs({str(part / 'sub')!r})\n"
        f"open({str(part / 'sub' / 'a.txt')!r}, 'w').write('1')\n"
        f"os.rename({str(part)!r}, {str(whole)!r})\n",
    )
    document = replayed(deep)
    assert document["verdict"] == "identical"
    assert {item["name"] for item in document["items"]} == {"status", str(whole / "sub" / "a.txt")}
    assert (whole / "sub" / "a.txt").exists()
