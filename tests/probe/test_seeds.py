"""Seeds: hidden draws follow the root seed, the program's own seeds are its own and can be given back."""

from pathlib import Path

import pytest

from tests.probe.spools import Spool

DRAWS = """
import random, uuid, os, sys
print(random.random(), random.Random().random(), uuid.uuid4())
print(random.Random().random())
random.seed(); print(random.random())
pid = os.fork()
if pid == 0: print("child", random.random(), flush=True); os._exit(0)
os.wait()
"""
NUMPY = """
import numpy as np
print(np.random.rand(), np.random.default_rng().random(), np.random.RandomState().rand())
print([np.random.default_rng().integers(1 << 62) for _ in range(3)])
np.random.seed(); print(np.random.rand(), np.random.SeedSequence().entropy)
print(np.random.Generator(np.random.PCG64()).random())
"""


@pytest.mark.parametrize("code", [DRAWS, NUMPY])
def test_hidden_draws_follow_the_root(spool: Spool, code: str) -> None:
    if "numpy" in code:
        pytest.importorskip("numpy")
    said = []
    for root in ("aa", "aa", "bb"):
        spool.begin(root=root)
        said.append(spool.script(code))
    assert said[0] == said[1]
    for left, right in zip(said[0].split(), said[2].split(), strict=True):
        assert left != right or left == "child"
    assert spool.ends()[0]["draws"]


def test_hidden_draws_are_the_same_in_every_python(spool: Spool, python: str) -> None:
    first = spool.script(DRAWS)
    spool.begin()
    spool.executable = python
    assert spool.script(DRAWS) == first


def test_one_draw_more_moves_no_other(spool: Spool) -> None:
    code = "import random\nprint(random.Random().random())\n{}\nprint(random.Random().random())"
    first = spool.script(code.format("").replace("\n\n", "\n#\n"))
    spool.begin()
    second = spool.script(code.format("random.Random(), [random.Random() for _ in range(3)]"))
    assert first == second


def test_without_a_root_chance_is_left_alone(spool: Spool) -> None:
    spool.begin(root="")
    first = spool.script(DRAWS)
    spool.begin(root="")
    assert not set(first.split()) & (set(spool.script(DRAWS).split()) - {"child"})


def test_names_of_temporary_files_come_from_the_root(spool: Spool) -> None:
    code = """
import tempfile, os
with tempfile.TemporaryDirectory() as folder: print(folder)
handle, name = tempfile.mkstemp(); print(name); os.remove(name)
pid = os.fork()
if pid == 0: print(tempfile.mktemp(), flush=True); os._exit(0)
os.wait(); print(tempfile.mktemp())
"""
    first = spool.script(code)
    spool.begin()
    assert spool.script(code) == first
    assert len(set(first.split())) == 4
    taken = first.split()[-1]
    Path(taken).write_text("another's")
    spool.begin()
    assert spool.script(code).split()[-1] not in first
    assert Path(taken).read_text() == "another's"
    Path(taken).unlink()


def test_secrets_stay_random(spool: Spool) -> None:
    code = "import secrets, os, random; print(secrets.token_hex(), os.urandom(9),"
    code += " random.SystemRandom().random())"
    first = spool.script(code)
    spool.begin()
    assert not set(first.split()) & set(spool.script(code).split())


def test_explicit_seeds_win(spool: Spool) -> None:
    code = """
import random, os, numpy as np
random.seed(3); np.random.seed(4)
print(random.random(), np.random.rand(), random.Random(5).random(), np.random.default_rng(6).random())
pid = os.fork()
if pid == 0: print(np.random.rand(), flush=True); os._exit(0)
os.wait()
"""
    pytest.importorskip("numpy")
    assert spool.script(code) == spool.plain("script.py").stdout
    found = [event[2:] for event in spool.events("seed")]
    assert found == [
        ["random.seed", "__main__:<module>:3", 0, "", "3"],
        ["numpy.random.seed", "__main__:<module>:3", 0, "", "4"],
        ["random.Random", "__main__:<module>:4", 0, "", "5"],
        ["numpy.random.default_rng", "__main__:<module>:4", 0, "", "6"],
    ]
    assert spool.ends()[0]["seeded"] == ["numpy", "random"]


def test_a_seed_that_is_no_number_yet_is_the_library_s_own_matter(spool: Spool) -> None:
    said = spool.script("""
import random
class Unknown:
    shape = ()
    def __index__(self): raise ValueError("not known yet")
try: random.Random(Unknown())
except TypeError: print("as ever")
""")
    assert said == "as ever\n"


def test_keys_are_made_in_traced_functions_of_jax(spool: Spool) -> None:
    pytest.importorskip("jax")
    code = "import jax\nprint(jax.jit(lambda seed: jax.random.key_data(jax.random.key(seed)))(3))"
    assert spool.script(code) == spool.plain("script.py").stdout


def test_polars_draws_by_the_root(spool: Spool) -> None:
    pytest.importorskip("polars")
    code = """
import polars
frame = polars.DataFrame({"a": range(100000)})
print(frame.sample(3)["a"].to_list(), frame.select(polars.col("a").shuffle())["a"][0])
"""
    first = spool.script(code)
    spool.begin()
    assert spool.script(code) == first
    spool.begin(root="11aa")
    assert spool.script(code) != first


GIVEN = """
import random, time, sys, numpy as np
def setup(seed):
    random.seed(seed); np.random.seed(seed)
    return random.Random(seed), np.random.default_rng(seed)
for offset in range(2):
    one, two = setup(int(sys.argv[1]) + offset)
    print(random.random(), np.random.rand(), one.random(), two.random())
"""


def test_seeds_of_the_program_are_given_back_on_a_replay(spool: Spool) -> None:
    pytest.importorskip("numpy")
    first = spool.script(GIVEN, "100")
    given = [event[2:] for event in spool.events("seed")]
    assert len(given) == 8
    spool.begin(given=given, mode="replay")
    assert spool.script(GIVEN, "200") == first
    served = [event[2:] for event in spool.events("served")]
    assert served[0] == ["random.seed", "__main__:setup:4", 0, "", "100", "200"]
    assert len(served) == 8
    spool.begin(given=given, mode="replay")
    assert spool.script(GIVEN, "100") == first
    assert not spool.events("served")


def test_a_recording_gives_nothing_back(spool: Spool) -> None:
    pytest.importorskip("numpy")
    spool.script(GIVEN, "100")
    given = [event[2:] for event in spool.events("seed")]
    spool.begin(given=given)
    spool.script(GIVEN, "200")
    assert not spool.events("served")


def test_children_draw_by_their_command_not_by_their_order(spool: Spool) -> None:
    code = """
import subprocess, sys
children = [[sys.executable, "-c", "import random; print(random.random())", name] for name in sys.argv[1:]]
print({child[-1]: subprocess.run(child, stdout=-1).stdout for child in children})
"""
    first = eval(spool.script(code, "a", "b", "b"))
    spool.begin()
    assert eval(spool.script(code, "b", "a")) | {"b": first["b"]} == first
    assert first["a"] != first["b"]


def test_torch_follows_the_root(spool: Spool) -> None:
    pytest.importorskip("torch")
    code = "import torch; print(torch.rand(2), torch.seed(), torch.rand(1)); torch.manual_seed(3); print(torch.rand(1))"
    first = spool.script(code)
    spool.begin()
    assert spool.script(code) == first
    spool.begin(root="other")
    other = spool.script(code)
    assert other.split("\n")[0] != first.split("\n")[0]
    assert other.split("\n")[1] == first.split("\n")[1]


def test_seeds_of_all_sorts_are_taken_as_without_us(spool: Spool) -> None:
    code = """
import random
for seed in (10 ** 5000, -1, 1.5, "a", b"b", bytearray(b"c"), True, (1, 2), object, None, [], {}):
    try:
        random.seed(seed)
        if seed is not None and not isinstance(seed, (tuple, type)): print(random.random())
    except Exception as error: print(type(error).__name__, error)
"""
    assert spool.script(code) == spool.plain("script.py").stdout
    assert not spool.gaps()
