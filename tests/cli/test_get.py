"""`anew get` brings files back, verified, over nothing that is there."""

import json
import os
from pathlib import Path

import msgspec
import pytest

from anew.model.canonical import encode
from anew.model.digest import digest_bytes
from anew.model.inputs import FileKind, Kept
from anew.model.record import Output
from anew.store.listings import write_listing
from anew.verbs.find import find_record
from anew.verbs.workspace import open_workspace
from tests.cli.conftest import check
from tests.conftest import Anew


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_all_files_come_back_with_modes_and_links(recorded: Anew, tmp_path: Path) -> None:
    done = recorded("get", "base", "-o", str(tmp_path / "new"))
    folder = tmp_path / "new"
    inside = {name for name in files(folder) if not name.startswith("_outside")}
    assert inside == {
        "train.py", "data/train.csv", "out/result.txt", "out/run.sh", "out/latest",
    }  # fmt: skip
    assert (folder / "out/latest").readlink() == Path("result.txt")
    assert (folder / "out/latest").read_text() == "3 0.1\n"
    assert os.access(folder / "out/run.sh", os.X_OK)
    assert (folder / "data/train.csv").stat().st_mtime == pytest.approx(
        (recorded.project / "data/train.csv").stat().st_mtime, abs=1e-3
    )
    assert f"{len(files(folder))} files" in done.stderr
    assert len(done.stdout.splitlines()) == len(files(folder))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--outputs",), {"out/result.txt", "out/run.sh", "out/latest"}),
        (("--inputs",), {"data/train.csv"}),
        (("out/result.txt",), {"out/result.txt"}),
        (("./out/../out/result.txt",), {"out/result.txt"}),
        (("out", "train.py"), {"out/result.txt", "out/run.sh", "out/latest", "train.py"}),
        (("*.csv",), {"data/train.csv"}),
        (("--code", "--inputs", "train*", "*/train.csv"), {"train.py", "data/train.csv"}),
    ],
)
def test_a_choice_of_files(
    recorded: Anew, tmp_path: Path, words: tuple[str, ...], found: set[str]
) -> None:
    document = check(recorded.json("get", "base", *words, "-o", str(tmp_path / "new")))
    assert files(tmp_path / "new") == found
    assert {each["path"] for each in document["files"]} == found


def test_an_absolute_path_in_the_project_is_known(recorded: Anew, tmp_path: Path) -> None:
    recorded("get", "base", str(recorded.project / "out/result.txt"), "-o", str(tmp_path / "new"))
    assert files(tmp_path / "new") == {"out/result.txt"}


def test_nothing_is_written_over(recorded: Anew, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.csv").write_text("mine")
    document = check(recorded.json("get", "base", "-o", str(tmp_path), check=28))
    assert "data/train.csv" in document["error"]["what"]
    assert files(tmp_path) == {"data/train.csv"}
    assert (tmp_path / "data" / "train.csv").read_text() == "mine"
    (tmp_path / "train.py").symlink_to("nowhere")
    recorded("get", "base", "train.py", "-o", str(tmp_path), check=28)


def test_an_unknown_path_names_near_ones(recorded: Anew, tmp_path: Path) -> None:
    document = check(recorded.json("get", "base", "train.csv", "-o", str(tmp_path), check=29))
    assert "data/train.csv" in document["error"]["hint"]
    assert "train.py" in recorded("get", "base", "tarin.py", "-o", "x", check=29).stderr
    assert files(tmp_path) == set()


def test_damaged_bytes_are_not_handed_out(mine: Anew, tmp_path: Path) -> None:
    mine.write("big.py", "open('big.bin', 'wb').write(bytes(300_000))")
    mine("run", "--name", "big", "big.py")
    (path,) = (mine.store / "objects").glob("*/*")
    path.chmod(0o600)
    path.write_bytes(bytes(299_999) + b"x")
    document = check(mine.json("get", "big", "big.bin", "-o", str(tmp_path / "new"), check=20))
    assert "damaged" in document["left"][0]["why"]
    assert document["left"][0]["lost"]
    assert files(tmp_path / "new") == set()


def test_a_referenced_file_comes_from_its_place_if_it_is_the_same(
    anew: Anew, tmp_path: Path
) -> None:
    anew.write("read.py", "open('data.txt').read()")
    anew.write("data.txt", "as it was")
    anew("run", "--keep", "none", "--name", "ref", "read.py")
    assert anew.json("show", "ref")["recipe"]["inputs"][0]["kept"] == "reference"
    anew("get", "ref", "data.txt", "-o", str(tmp_path / "a"))
    assert (tmp_path / "a/data.txt").read_text() == "as it was"
    anew.write("data.txt", "as it is!")
    document = check(anew.json("get", "ref", "--inputs", "-o", str(tmp_path / "b"), check=20))
    assert "other bytes" in document["left"][0]["why"]
    (anew.project / "data.txt").unlink()
    assert (
        "nothing lies" in anew("get", "ref", "--inputs", "-o", str(tmp_path / "c"), check=20).stderr
    )
    assert files(tmp_path / "b") | files(tmp_path / "c") == set()


def forged(anew: Anew, outputs: list[Output], contents: list[bytes]) -> str:
    """Return a run whose record names such outputs, as that of a stranger might."""
    environ = anew.variables()
    os.environ["XDG_CACHE_HOME"], before = (
        f"{environ['HOME']}/.cache",
        os.environ.get("XDG_CACHE_HOME"),
    )
    try:
        with open_workspace(str(anew.store), str(anew.project)).store:
            workspace = open_workspace(str(anew.store), str(anew.project))
            record = find_record(workspace, "base", str(anew.project))
            batch = workspace.store.begin()
            for content in contents:
                batch.add(content)
            listing = write_listing(batch, outputs, lambda each: each.path)
            run = "z" * 26
            facts = msgspec.to_builtins(record)
            facts |= {"id": run, "outcome": facts["outcome"] | {"outputs": listing}}
            body = batch.add(encode(facts))
            batch.commit()
            workspace.ledger.append("run-sealed", run, body=body)
            workspace.store.close()
    finally:
        if before is None:
            del os.environ["XDG_CACHE_HOME"]
        else:
            os.environ["XDG_CACHE_HOME"] = before
    return run


def test_nothing_is_written_outside_the_folder(mine: Anew, tmp_path: Path) -> None:
    evil = b"evil"
    digest = digest_bytes(evil)

    def output(path: str, target: str | None = None) -> Output:
        kind = FileKind.FILE if target is None else FileKind.LINK
        return Output(path, digest, len(evil), Kept.VALUE, kind, target)

    outside = tmp_path / "outside"
    outside.mkdir()
    names = [
        output("../outside/up.txt"), output("a/../../outside/up2.txt"), output("ok.txt"),
        output(str(outside / "abs.txt")), output("link", str(outside)), output("link/through.txt"),
        output("up", "../outside"), output("fine", "ok.txt"),
    ]  # fmt: skip
    run = forged(mine, names, [evil])
    document = check(mine.json("get", run, "--outputs", "-o", str(tmp_path / "new"), check=None))
    assert list(outside.iterdir()) == []
    assert files(tmp_path / "new") == {
        "ok.txt", "fine", "link/through.txt", f"_outside{outside}/abs.txt",
    }  # fmt: skip
    left = {each["path"] for each in document["left"]}
    assert left == {"../outside/up.txt", "a/../../outside/up2.txt", "link", "up"}
    assert not any(each["lost"] for each in document["left"])


def test_output_beats_input_where_a_file_was_read_then_written(anew: Anew, tmp_path: Path) -> None:
    anew.write("count.py", "n = int(open('n.txt').read()); open('n.txt', 'w').write(str(n + 1))")
    anew.write("n.txt", "41")
    anew("run", "--name", "count", "count.py")
    done = anew("get", "count", "n.txt", "-o", str(tmp_path / "after"))
    assert "n.txt is as the run left it; as it was before: --inputs" in done.stderr
    anew("get", "count", "n.txt", "--inputs", "-o", str(tmp_path / "before"))
    assert (tmp_path / "after/n.txt").read_text() == "42"
    assert (tmp_path / "before/n.txt").read_text() == "41"
    out = json.loads(anew("get", "count", "--outputs", "-o", str(tmp_path / "x"), "--json").stdout)
    assert [each["part"] for each in out["files"]] == ["outputs"]
