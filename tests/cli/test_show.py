"""`anew show` tells what a run was."""

import os
from pathlib import Path

from tests.cli.conftest import check
from tests.conftest import Anew


def test_document_has_what_others_build_on(recorded: Anew) -> None:
    run = check(recorded.json("show", "base"))
    assert (run["name"], run["status"], run["track"]) == ("base", "finished", "exploratory")
    assert run["project"] == str(recorded.project)
    assert run["tags"] == {"paper": "fig3"}
    assert run["notes"] == ["the first"]
    recipe = run["recipe"]
    assert recipe["command"]["argv"][1:] == ["train.py"]
    assert recipe["command"]["cwd"] == "."
    files = [each for each in recipe["code"]["files"] if not each["path"].startswith("/")]
    (code,) = [each for each in files if each["used"]]
    assert (code["path"], code["kept"]) == ("train.py", "value")
    inputs = {each["path"]: each for each in recipe["inputs"]}
    assert inputs["data/train.csv"]["size"] == 6
    assert inputs["data/train.csv"]["kept"] == "value"
    assert inputs["data/train.csv"]["dataset"] is None
    parameters = {each["name"]: each["value"] for each in recipe["configuration"]["parameters"]}
    assert parameters == {"lr": 0.1, "fail": False}
    assert recipe["environment"]["python"].startswith("3.")
    assert recipe["seeds"]["root"]


def test_outcome_has_metrics_outputs_and_streams(recorded: Anew) -> None:
    outcome = recorded.json("show", "base")["outcome"]
    assert outcome["exit_code"] == 0
    assert outcome["signal"] is None
    assert outcome["metrics"]["loss"]["last"] == 0.1 / 3
    assert outcome["metrics"]["loss"]["count"] == 3
    assert [outcome["metrics"]["odd"][key] for key in ("last", "min", "max")] == ["NaN"] * 3
    outputs = {each["path"]: each for each in outcome["outputs"]}
    assert set(outputs) == {"out/result.txt", "out/run.sh", "out/latest"}
    assert outputs["out/run.sh"]["executable"]
    assert (outputs["out/latest"]["kind"], outputs["out/latest"]["target"]) == (
        "link",
        "result.txt",
    )
    assert {each["name"]: each["size"] for each in outcome["console"]} == {
        "stdout": 7,
        "stderr": 10,
    }


def test_original_and_replay_show_the_verdict(recorded: Anew) -> None:
    base = recorded.json("show", "base")
    (verdict,) = base["verdicts"]
    assert base["verdict"] == verdict["verdict"] == "identical"
    replay = check(recorded.json("show", verdict["replay"]))
    assert replay["replay_of"] == base["id"]
    assert replay["verdict"] == "identical"
    assert replay["recipe"]["exact_digest"] == base["recipe"]["exact_digest"]


def test_a_counterfactual_replay_does_not_speak_for_the_original(mine: Anew) -> None:
    mine("replay", "base", "--set", "LANG=xx", check=None)
    base = mine.json("show", "base")
    first, second = base["verdicts"]
    assert (first["counterfactual"], second["counterfactual"]) == (None, "LANG=xx")
    assert base["verdict"] == "identical"
    replay = mine.json("show", second["replay"])
    assert replay["counterfactual"] == ["LANG=xx"]
    assert replay["verdict"] == second["verdict"]


def test_text_puts_the_answer_first_and_fits_a_screen(recorded: Anew) -> None:
    lines = recorded("show", "base").stdout.splitlines()
    assert lines[0].endswith("base · finished")
    assert len(lines) < 45
    text = "\n".join(lines)
    for part in ("the first", "paper=fig3", "data/train.csv", "out/result.txt", "lr=0.1", "loss"):
        assert part in text


def test_long_lists_are_shown_whole_if_asked_for(recorded: Anew) -> None:
    packages = recorded.json("show", "base")["recipe"]["environment"]["packages"]
    lines = recorded("show", "base", "--packages").stdout.splitlines()
    assert len(lines) == len(packages) + 1
    lines = recorded("show", "base", "--inputs", "--outputs", "--metrics").stdout.splitlines()
    assert {line.split()[0] for line in lines} >= {
        "INPUT", "data/train.csv", "OUTPUT", "out/latest", "METRIC", "acc",
    }  # fmt: skip
    assert "train.py" in recorded("show", "base", "--code").stdout
    assert "HOME" in recorded("show", "base", "--env").stdout
    assert "none" in recorded("show", "elsewhere", "--metrics").stderr


def test_a_run_that_goes_on_shows_what_is_known(anew: Anew) -> None:
    anew.write("wait.py", "print('ready', flush=True); input()")
    process = anew.start("run", "--name", "slow", "--tag", "a=b", "wait.py", stdin=-1)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    run = check(anew.json("show", "slow"))
    assert (run["status"], run["sealed"], run["recipe"], run["outcome"]) == (
        "running", False, None, None,
    )  # fmt: skip
    assert run["command"] == "wait.py"
    assert run["tags"] == {"a": "b"}
    assert run["circumstances"]["host"]
    assert "slow · running" in anew("show", "slow").stdout
    assert anew.json("show", "slow", "--inputs")["recipe"] is None
    assert "27" in str(anew("show", "slow", "--inputs", check=27).returncode)
    process.communicate("x\n", timeout=60)
    assert check(anew.json("show", "slow"))["status"] == "finished"


def test_large_numbers_and_strange_names_survive(anew: Anew) -> None:
    name = os.fsdecode(b"\xff.txt")
    anew.write(
        "odd.py",
        "import anew\n"
        f"anew.param('big', 2**60); anew.param('inf', float('inf')); anew.param('few', [1, 2])\n"
        f"anew.log('m', 1e300); anew.log('m', float('-inf')); open({name!r}, 'w').write('x')",
    )
    anew("run", "odd.py")
    run = check(anew.json("show", "@1"))
    parameters = {
        each["name"]: each["value"] for each in run["recipe"]["configuration"]["parameters"]
    }
    assert parameters["big"] == str(2**60)
    assert parameters["few"] in ([1, 2], "[1, 2]")
    assert run["outcome"]["metrics"]["m"] == {
        **run["outcome"]["metrics"]["m"], "last": "-Infinity", "min": "-Infinity", "max": 1e300,
    }  # fmt: skip
    assert [each["path"] for each in run["outcome"]["outputs"]] == [name]
    assert "\\xff.txt" in anew("show", "@1", "--outputs").stdout


def test_an_older_run_of_the_same_name_is_counted(anew: Anew) -> None:
    for _ in range(3):
        anew("run", "--name", "same", "true")
    done = anew("show", "same")
    assert "2 older runs" in done.stderr
    assert done.stdout.split()[1] == anew.json("show", "@1")["id"]


def test_a_cut_off_run_is_finished_first(anew: Anew) -> None:
    anew.write("slow.py", "import time, os\nprint(os.getppid(), flush=True); time.sleep(60)")
    process = anew.start("run", "slow.py", start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    os.killpg(process.pid, 9)
    process.communicate(timeout=60)
    spool = next((anew.store / "spool").iterdir())
    for path in Path("/proc").glob("[0-9]*/environ"):  # nothing of the run goes on
        try:
            if str(spool).encode() in path.read_bytes():
                os.kill(int(path.parent.name), 9)
        except OSError:
            continue
    (anew.store / "leases" / f"{spool.name}.json").unlink(missing_ok=True)
    os.utime(spool, (0, 0))
    done = anew("show", spool.name, "--json")
    assert f"run {spool.name[:6]} was cut off: sealed now as interrupted" in done.stderr
    assert '"status": "interrupted"' in done.stdout
    assert list((anew.store / "spool").iterdir()) == []
    assert anew("show", spool.name).stderr == ""
