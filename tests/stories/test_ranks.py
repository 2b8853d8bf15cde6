"""Programs of several ranks, each by its real launcher: one record, and the same again.

They run in the environment that ANEW_EXAMPLES names, and are left out where it lacks the launcher.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from anew.execute.preload import library
from tests.conftest import Anew

PROGRAMS = Path(os.environ.get("ANEW_EXAMPLES", Path(sys.executable).parent))
MPI = """
import random
from mpi4py import MPI
import numpy
world = MPI.COMM_WORLD
drawn = random.random() + numpy.random.default_rng().standard_normal()
open(f"rank-{world.rank}.txt", "w").write(repr(drawn))
total = world.allreduce(drawn)
if world.rank == 0:
    open("total.txt", "w").write(repr(total))
"""
ACCELERATE = """
import torch
from accelerate import Accelerator
accelerator = Accelerator(cpu=True)
rank = accelerator.process_index
drawn = torch.rand(1)
model = torch.nn.Linear(4, 1)
trained, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))
loss = (trained(torch.randn(8, 4)) ** 2).mean()
accelerator.backward(loss)
optimizer.step()
open(f"rank-{rank}.txt", "w").write(repr(drawn.item()))
if accelerator.is_main_process:
    torch.save(accelerator.unwrap_model(trained).state_dict(), "model.pt")
"""
TORCHRUN = """
import torch
import torch.distributed as distributed
distributed.init_process_group("gloo")
drawn = torch.rand(1)
open(f"rank-{distributed.get_rank()}.txt", "w").write(repr(drawn.item()))
distributed.all_reduce(drawn)
open("total.txt", "w").write(repr(drawn.item())) if distributed.get_rank() == 0 else None
distributed.destroy_process_group()
"""
LAUNCHED = {
    "mpirun": (
        MPI, ("mpi4py", "numpy"),
        ["mpirun", "--allow-run-as-root", "--oversubscribe", "-np", "2", "python"],
    ),
    "accelerate launch": (
        ACCELERATE, ("accelerate", "torch"),
        ["python", "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2",
         "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"],
    ),
    "torchrun": (
        TORCHRUN, ("torch",),
        ["python", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"],
    ),
}  # fmt: skip


def lacking(modules: tuple[str, ...]) -> str:
    code = "import importlib.util, sys; print(*[m for m in sys.argv[1:] if not importlib.util.find_spec(m)])"
    words = [PROGRAMS / "python", "-c", code, *modules]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("launcher", LAUNCHED)
def test_ranks_are_one_run_and_come_out_again(launcher: str, anew: Anew, tmp_path: Path) -> None:
    code, modules, words = LAUNCHED[launcher]
    if words[0] == "mpirun" and shutil.which("mpirun") is None:
        pytest.skip("there is no mpirun")
    if without := lacking(modules):
        pytest.skip(f"{PROGRAMS} lacks {without}")
    if library(tmp_path / "cache") is None:
        pytest.skip("Anew was built without its C library")
    anew.environ["PATH"] = f"{PROGRAMS}:{anew.variables()['PATH']}"
    anew.environ["OMP_NUM_THREADS"] = "1"
    anew.write("ranks.py", code)
    anew("run", "--", *words, "ranks.py", timeout=300)

    shown = anew.json("show", "@1")
    ranks = [each["rank"] for each in shown["processes"] if each["rank"] is not None]
    assert sorted(set(ranks)) == [0, 1]
    draws = {(anew.project / f"rank-{rank}.txt").read_text() for rank in (0, 1)}
    assert len(draws) == 2
    assert not [gap for gap in shown["coverage"]["gaps"] if gap["aspect"] in ("network", "trace")]
    outputs = {each["path"] for each in shown["outcome"]["outputs"]}
    assert {"rank-0.txt", "rank-1.txt"} <= outputs
    for path in anew.project.iterdir():
        if path.suffix in (".txt", ".pt"):
            path.unlink()
    for _ in range(2):
        assert anew.json("replay", "@1", timeout=300)["verdict"] == "identical"


def test_a_rank_draws_the_same_whoever_starts_first(anew: Anew) -> None:
    anew.write(
        "draw.py",
        "import os, random; open('r' + os.environ['RANK'], 'w').write(repr(random.random()))",
    )
    found = []
    for order in ("0 1 2", "2 1 0"):
        words = f"for rank in {order}; do RANK=$rank WORLD_SIZE=3 python draw.py; done"
        anew("run", "--seed", "7", "--", "sh", "-c", words)
        found.append([(anew.project / f"r{rank}").read_text() for rank in range(3)])
    assert found[0] == found[1]
    assert len(set(found[0])) == 3
