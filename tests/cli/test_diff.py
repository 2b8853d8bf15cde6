"""`anew diff` compares two runs."""

from tests.cli.conftest import check, drop
from tests.conftest import Anew


def test_a_run_and_its_replay_are_the_same(recorded: Anew) -> None:
    replay = recorded.json("show", "base")["verdicts"][0]["replay"]
    document = check(recorded.json("diff", "base", replay))
    assert document["verdict"] == "identical"
    assert document["recipe"] == []
    assert {item["verdict"] for item in document["items"]} == {"identical"}
    assert recorded("diff", "base", replay).stdout.startswith("anew: identical")


def test_what_differs_is_named_in_recipe_and_outcome(recorded: Anew) -> None:
    document = check(recorded.json("diff", "base", "@2", check=10))
    recipe = {(each["aspect"], each["name"]): each for each in document["recipe"]}
    parameter = recipe["configuration", "lr"]
    assert (parameter["left"], parameter["right"]) == ("0.1", "0.2")
    assert ("seeds", "root") in recipe
    items = {(item["kind"], item["name"]): item["verdict"] for item in document["items"]}
    assert items["metric", "loss"] == "diverged"
    assert items["metric", "odd"] == "identical"
    assert items["output", "out/run.sh"] == "identical"
    assert items["output", "out/result.txt"] == "diverged"
    assert document["left"] == recorded.json("show", "base")["id"]


def test_text_has_the_answer_then_the_evidence(recorded: Anew) -> None:
    lines = recorded("diff", "base", "@2", check=10).stdout.splitlines()
    assert lines[0].startswith("anew: diverged · ")
    assert any(line.startswith("  configuration lr: 0.1 → 0.2") for line in lines)
    assert any(line.startswith("  metric loss: diverged") for line in lines)


def test_a_listed_folder_differs_by_its_entries(anew: Anew) -> None:
    anew.write("list.py", "import os\nprint(len(os.listdir('data')))")
    for count in (1, 2):
        anew.write(f"data/{count}.txt", "x")
        anew("run", "--name", f"n{count}", "list.py")
    text = anew("diff", "n1", "n2", check=10).stdout
    assert "folder, 1 entry, b3:" in text
    assert "folder, 2 entries, b3:" in text


def test_a_tolerance_makes_them_equivalent_for_what_it_names(recorded: Anew) -> None:
    words = ("diff", "base", "@2", "-t", "abs=1")
    document = recorded.json(*words, check=None)
    verdicts = {(item["kind"], item["name"]): item["verdict"] for item in document["items"]}
    assert verdicts["metric", "loss"] == "equivalent"
    strict = recorded.json("diff", "base", "@2", "-t", "abs=1e-9", check=10)
    assert {item["name"]: item["verdict"] for item in strict["items"]}["loss"] == "diverged"


def test_code_is_a_unified_diff(mine: Anew) -> None:
    text = (mine.project / "train.py").read_text()
    try:
        mine.write("train.py", text.replace("a warning", "a word"))
        mine("run", "train.py")
    finally:
        mine.write("train.py", text)
    out = mine("diff", "base", "@1", "--code", check=10).stdout
    assert '-print("a warning", file=sys.stderr)\n+print("a word", file=sys.stderr)\n' in out
    assert out.startswith(("--- a/", "--- /dev/null"))
    assert mine.json("diff", "base", "@1", "--code", check=10)["code"] == out


def test_what_cannot_be_judged_says_why(mine: Anew) -> None:
    record = mine.json("show", "@2")["record"]
    drop(mine, record)
    document = check(mine.json("diff", "base", "@2", check=12))
    assert (document["verdict"], document["items"]) == ("not replayed", [])
    assert record in document["reason"]
    assert "cannot be judged" in mine("diff", "base", "@2", check=12).stdout


def test_a_run_that_goes_on_cannot_be_judged(mine: Anew) -> None:
    process = mine.start("run", "--name", "slow", "cat", stdin=-1)
    while not [run for run in mine.json("ls")["runs"] if run["status"] == "running"]:
        pass
    document = check(mine.json("diff", "base", "slow", check=12))
    assert document["verdict"] == "not replayed"
    assert "no record" in document["reason"]
    process.communicate("", timeout=60)


def test_nothing_to_compare_is_inconclusive(anew: Anew) -> None:
    anew("run", "true")
    anew("run", "true")
    assert check(anew.json("diff", "@1", "@2", check=11))["verdict"] == "inconclusive"


def test_long_values_are_cut_to_where_they_differ(anew: Anew) -> None:
    anew("run", "echo", "x" * 100, "one", "y" * 100)
    anew("run", "echo", "x" * 100, "two", "y" * 100)
    line = next(
        line for line in anew("diff", "@2", "@1", check=None).stdout.splitlines() if "argv" in line
    )
    assert "x one yyy" in line
    assert "x two yyy" in line
    assert len(line) < 200
