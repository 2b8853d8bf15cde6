"""`anew env`: show, compare, rebuild and lock the environment of a run."""

import json
import os
import shutil
import subprocess
import tomllib
import venv
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from tests import wheelhouse
from tests.cli.conftest import check
from tests.conftest import Anew

USE = "import demo\nprint(demo.ANSWER)\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "venv"


@pytest.fixture
def used(anew: Anew, place: Path) -> Anew:
    wheels = anew.home / "wheels"
    idle = wheelhouse.wheel(wheels, "idle", "2.0", {"idle.py": b"x = 1\n"})
    wheelhouse.make(place, wheelhouse.demo(wheels), idle)
    anew.write("use.py", USE)
    anew("run", "--name", "used", f"{place}/bin/python", "use.py")
    return anew


def said(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_show_tells_what_was_imported_and_how_it_stands(used: Anew, place: Path) -> None:
    document = check(used.json("env", "show", "used"))
    assert {each["name"]: each["used"] for each in document["packages"]} == {
        "demo": True,
        "idle": False,
    }
    assert (document["here"], document["archives"]) == ("same", [])
    used("env", "archive", "used")
    (wheelhouse.site(place) / "demo" / "__init__.py").write_text("ANSWER = 1\n")
    document = check(used.json("env", "show", "used"))
    assert document["here"] == "other"
    assert document["differences"] == ["demo: demo/__init__.py is changed"]
    assert len(document["archives"]) == 1
    shutil.rmtree(place)
    assert used.json("env", "show", "used")["here"] == "gone"
    assert "idle" not in used("env", "show", "used", "--used").stdout


def test_diff_names_packages_files_and_what_is_here(used: Anew, place: Path) -> None:
    used("env", "archive", "used")
    wheelhouse.install(place / "bin" / "python", wheelhouse.demo(used.home / "more", answer=43))
    used("run", "--name", "second", f"{place}/bin/python", "use.py")
    used("env", "archive", "second")
    document = check(used.json("env", "diff", "used", "second", check=10))
    (change,) = document["differences"]
    assert (change["aspect"], change["name"]) == ("package", "demo")
    assert change["files"] == ["demo/__init__.py"]
    assert check(used.json("env", "diff", "used", "used"))["same"]
    here = check(used.json("env", "diff", "second", "--python", f"{place}/bin/python"))
    assert here["same"]
    assert here["here"] == "named"
    used("env", "diff", "used", "second", "--python", "python3", check=2)


def test_diff_with_here_takes_what_a_replay_would(used: Anew, place: Path) -> None:
    """And not what a bare script has here, as long as the run's own interpreter is there."""
    other = place.parent / "other"
    venv.create(other, symlinks=True)
    used.environ["VIRTUAL_ENV"] = str(other)
    document = check(used.json("env", "diff", "used"))
    assert document["same"]
    assert (document["right"], document["here"]) == (f"{place}/bin/python", "recorded")
    wheelhouse.install(place / "bin" / "python", wheelhouse.demo(used.home / "more", answer=43))
    document = check(used.json("env", "diff", "used", check=10))
    assert [each["name"] for each in document["differences"]] == ["demo"]
    assert "python as it is now: 1 difference" in used("env", "diff", "used", check=10).stdout
    shutil.rmtree(place)
    document = check(used.json("env", "diff", "used", check=10))
    assert (document["right"], document["here"]) == (f"{other}/bin/python", "found")
    assert {each["name"] for each in document["differences"]} == {"demo", "idle"}
    assert "as the run's own interpreter is gone" in used("env", "diff", "used", check=10).stdout
    assert check(used.json("env", "diff", "used", "used"))["here"] is None


@pytest.mark.parametrize("archived", [True, False])
def test_rebuild_makes_an_environment_that_works(
    used: Anew,
    place: Path,
    tmp_path: Path,
    archived: bool,  # noqa: FBT001
) -> None:
    if archived:
        used("env", "archive", "used")
        shutil.rmtree(place)
    target = tmp_path / "a new" / "place"
    document = check(used.json("env", "rebuild", "used", "-o", str(target), "--offline"))
    assert document["exact"]
    assert document["way"] == ("archive" if archived else "copy")
    assert said(target / "bin" / "python", "-c", USE) == "42\n"
    assert said(target / "bin" / "demo") == f"demo 42 {target}\n"
    assert all(path.stat().st_nlink == 1 for path in target.rglob("*.so"))
    used("env", "rebuild", "used", "-o", str(target), check=28)


@pytest.mark.parametrize("form", ["pylock.toml", "requirements.txt", "uv.lock"])
def test_a_lock_with_wheels_installs_with_no_index(
    used: Anew, place: Path, tmp_path: Path, form: str
) -> None:
    site = wheelhouse.site(place)
    (site / "demo" / "__init__.py").write_text("ANSWER = 7\n")  # by hand
    used("run", "--name", "patched", f"{place}/bin/python", "use.py")
    used("env", "archive", "patched")
    shutil.rmtree(place)
    folder = tmp_path / "locked"
    document = check(used.json("env", "lock", "patched", "-o", str(folder), "--format", form,
                               "--wheels", "--offline"))  # fmt: skip
    assert document["packages"] == 2
    uv = shutil.which("uv", path=used.variables()["PATH"])
    assert uv is not None
    fresh = tmp_path / "fresh"
    environ = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(fresh)}
    if form == "uv.lock":
        words = ["sync", "--locked"]
    else:
        wheelhouse.make(fresh)
        words = ["pip", "install", "--python", f"{fresh}/bin/python", "-r", form]
    subprocess.run([uv, *words, "-q", "--offline"], cwd=folder, env=environ, check=True)
    assert said(fresh / "bin" / "python", "-c", "import demo; print(demo.ANSWER)") == "7\n"
    assert said(fresh / "bin" / "demo") == f"demo 7 {fresh}\n"
    if form == "pylock.toml":
        Pylock.from_dict(tomllib.loads((folder / form).read_text())).validate()
    used("env", "lock", "patched", "-o", str(folder), "--format", form, "--wheels", check=28)


def test_a_lock_offline_says_what_it_cannot_find(used: Anew, tmp_path: Path) -> None:
    shutil.rmtree(used.home / "wheels")  # where they came from
    refused = used("env", "lock", "used", "-o", str(tmp_path / "l"), "--offline", check=25)
    assert "demo" in refused.stderr
    check(used.json("env", "lock", "used", "-o", str(tmp_path / "y"),
                    "--format", "environment.yml"))  # fmt: skip
    assert '- "demo @ file:' in (tmp_path / "y" / "environment.yml").read_text()


def test_audit_names_each_finding_with_its_ground(used: Anew, place: Path, tmp_path: Path) -> None:
    inactive = wheelhouse.wheel(
        used.home / "wheels", "risky", "1.5", {"risky.py": b"x = 1\n"},
        metadata="License-Expression: MIT\nRequires-Python: <3.12\n"
        "Classifier: Development Status :: 7 - Inactive",
    )  # fmt: skip
    wheelhouse.install(place / "bin" / "python", inactive)
    (wheelhouse.site(place) / "demo" / "__init__.py").write_text("ANSWER = 7\n")
    used.write("requirements.txt", "demo>=1  # any\nidle==2.0\n")
    used("run", "--name", "audited", f"{place}/bin/python", "use.py")
    span = {"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"fixed": "1.6"}]}
    affected = [{"package": {"name": "Risky", "ecosystem": "PyPI"}, "ranges": [span]}]
    advisory = {"id": "PYSEC-1", "summary": "bad", "affected": affected}
    other = {**advisory, "id": "PYSEC-2", "withdrawn": "2026-01-01T00:00:00Z"}
    (tmp_path / "osv.json").write_text(json.dumps([advisory, other]))

    words = ("env", "audit", "audited", "--advisories", str(tmp_path / "osv.json"))
    document = check(used.json(*words, "--python", "3.13"))
    found = {(each["kind"], each["package"]) for each in document["findings"]}
    assert {
        ("unused", "idle"), ("unused", "risky"), ("changed", "demo"), ("unpinned", "demo"),
        ("no licence", "demo"), ("deprecated", "risky"), ("vulnerable", "risky"),
        ("incompatible", "risky"),
    } <= found  # fmt: skip
    assert not {("unpinned", "idle"), ("unused", "demo"), ("no licence", "risky")} & found
    assert sum(each["kind"] == "vulnerable" for each in document["findings"]) == 1
    assert document["licences"]["risky"] == "MIT"
    assert any("--online" in each for each in document["unasked"])
    used("env", "audit", "audited", "--advisories", str(tmp_path / "none.json"), check=30)
    used("env", "audit", "audited", "--python", "new", check=2)


@pytest.mark.parametrize(
    ("version", "affected"), [("0.9", False), ("1.0", True), ("1.5.9", True), ("1.6", False)]
)
def test_advisories_hold_between_their_edges(version: str, affected: bool) -> None:  # noqa: FBT001
    from anew.facets.environment.advisories import Advisory, _Affected, _Named, _Range

    span = _Range("ECOSYSTEM", [{"introduced": "1.0"}, {"fixed": "1.6"}])
    advisory = Advisory("X", affected=[_Affected(_Named("demo", "PyPI"), [], [span])])
    assert advisory.concerns("demo", version) is affected
