"""Tasks: what is drawn in one depends on the order of submission, not on the worker it falls to."""

import pytest

from tests.probe.spools import Spool

POOLS = """
import multiprocessing as mp, random, sys, time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
try: import numpy as np
except ImportError: np = None

def draw(number, *rest):
    time.sleep(random.SystemRandom().random() / 50)
    values = [random.random(), random.Random().random()]
    if np: values += [np.random.rand(), np.random.default_rng().random()]
    return values

def alone(number):
    time.sleep(random.SystemRandom().random() / 50)
    return random.Random().random()

if __name__ == "__main__":
    context = mp.get_context(sys.argv[1])
    workers = int(sys.argv[2])
    with context.Pool(workers) as pool:
        print(pool.map(draw, range(6)))
        print(list(pool.imap(draw, range(3))), pool.apply(draw, (1,)))
        print(pool.apply_async(func=draw, args=(1,)).get())
        print(pool.starmap(draw, [(1, 2), (3, 4)]), sorted(pool.imap_unordered(draw, range(3))))
        print(pool.map_async(draw, range(3), chunksize=1).get())
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        futures = [pool.submit(draw, i) for i in range(3)]
        print([future.result() for future in reversed(futures)])
        print(list(pool.map(draw, range(3))))
    with ThreadPoolExecutor(workers) as pool:
        print(list(pool.map(alone, range(5))))
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pools_draw_by_task(spool: Spool, method: str) -> None:
    first = spool.script(POOLS, method, "2")
    assert len(set(first.replace("[", " ").replace("]", " ").split())) > 60
    spool.begin()
    assert spool.script(POOLS, method, "3") == first
    spool.begin(root="other")
    assert spool.script(POOLS, method, "2") != first
    assert not spool.gaps()


def test_seed_of_the_program_holds_in_its_workers(spool: Spool) -> None:
    pytest.importorskip("numpy")
    code = """
import multiprocessing as mp, numpy as np
def draw(_): return np.random.rand()
def seed(): np.random.seed(1)
if __name__ == "__main__":
    with mp.get_context("fork").Pool(1, seed) as pool: print(pool.map(draw, range(4), chunksize=1))
"""
    assert spool.script(code) == spool.plain("script.py").stdout


def test_errors_and_results_of_tasks_are_the_programs(spool: Spool) -> None:
    code = """
import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
def broken(x): raise ValueError(x)
if __name__ == "__main__":
    for pool in (ProcessPoolExecutor(1, mp_context=mp.get_context("fork")), ThreadPoolExecutor(1)):
        for function in (broken, len, lambda x: x, None, print):
            try: print(pool.submit(function, "a").result())
            except BaseException as error: print(type(error).__name__, str(error)[:20])
        print(pool.submit(dict, self=1, fn=2, function=3).result())
        pool.shutdown()
"""
    said = spool.script(code)
    assert said == spool.plain("script.py").stdout


def test_joblib_draws_by_task(spool: Spool) -> None:
    pytest.importorskip("joblib")
    code = """
import random, sys
import numpy as np
from joblib import Parallel, delayed
def draw(i): return random.random(), np.random.rand(), np.random.default_rng().random()
if __name__ == "__main__":
    print(Parallel(n_jobs=int(sys.argv[1]))(delayed(draw)(i) for i in range(8)))
"""
    first = spool.script(code, "2")
    spool.begin()
    assert spool.script(code, "3") == first


def test_data_loader_workers_draw_the_same(spool: Spool) -> None:
    pytest.importorskip("torch")
    code = """
import torch, numpy as np, random
class Data(torch.utils.data.Dataset):
    def __len__(self): return 8
    def __getitem__(self, i): return float(np.random.default_rng().random() + np.random.rand() + random.random())
if __name__ == "__main__":
    loader = torch.utils.data.DataLoader(Data(), batch_size=2, num_workers=2, shuffle=True)
    print([batch.tolist() for batch in loader])
"""
    first = spool.script(code)
    spool.begin()
    assert spool.script(code) == first
    assert not spool.events("seed")
