"""Injection: every way to start Python is followed, and the program does not notice."""

import sys
from pathlib import Path

import pytest

import anew
from tests.probe.spools import Spool

SOURCE = str(Path(anew.__file__).parents[1])
SHOW = """
import os, sys
print([name for name in os.environ if name.startswith("ANEW") or name == "PYTHONPATH"])
print([folder for folder in sys.path if folder.endswith("probe/site")])
print("sitecustomize" in sys.modules)
"""


def test_program_sees_nothing_of_us(spool: Spool, python: str) -> None:
    spool.executable = python
    assert spool.script(SHOW) == "[]\n[]\nFalse\n"
    (start,) = spool.starts()
    assert start["role"] == ""
    assert start["how"] == "exec"
    assert spool.ends()


@pytest.mark.parametrize(
    ("argv", "options"),
    [
        (["-c", "import anew; anew.note('x')"], {}),
        (["-m", "module"], {}),
        (["-"], {"input": "import anew; anew.note('x')"}),
        (["module.py"], {}),
        (["."], {}),
    ],
)
def test_every_way_to_name_a_program_is_followed(
    spool: Spool, argv: list[str], options: dict[str, str]
) -> None:
    for name in ("module.py", "__main__.py"):
        (spool.project / name).write_text("import anew; anew.note('x')")
    done = spool.run(*argv, **options)
    assert (done.returncode, done.stderr) == (0, "")
    assert [event[2] for event in spool.events("note")] == ["x"]


def test_api_is_there_where_anew_is_not_installed(spool: Spool, python: str) -> None:
    spool.executable = python
    code = """
import anew
anew.log("loss", 0.5, step=3)
anew.log({"a": 1, "b": 2}, step=4)
print(sorted(name for name in vars(anew) if not name.startswith("_")))
"""
    assert spool.script(code) == "['artifact', 'log', 'note', 'param']\n"
    assert [line[:3] for line in spool.points()] == [
        ["loss", 3, "0.5"],
        ["a", 4, "1.0"],
        ["b", 4, "2.0"],
    ]


def test_api_does_nothing_outside_a_run(spool: Spool) -> None:
    code = "import anew; anew.log('a', object()); anew.param('b', 1); anew.note('c'); anew.artifact('d')"
    done = spool.plain("-c", code, env={**spool.environ, "PYTHONPATH": SOURCE})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_users_own_sitecustomize_runs_as_if_ours_were_not_there(spool: Spool, python: str) -> None:
    spool.executable = python
    folder = spool.project / "custom"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import sys\nMARK = 1\nsys.hello = __name__\n")
    environ = {**spool.environ, "PYTHONPATH": str(folder)}
    code = (
        "import sys, os, sitecustomize\n"
        "print(sys.hello, sitecustomize.MARK, sitecustomize.__file__, os.environ['PYTHONPATH'])"
    )
    plain = spool.plain("-c", code, env=environ)
    assert plain.stdout.startswith("sitecustomize 1 ")
    assert spool.run("-c", code, env=environ).stdout == plain.stdout
    assert spool.ends()


@pytest.mark.parametrize(
    "code", ["import nowhere", "raise ValueError('broken')", "1 +", "raise ImportError"]
)
def test_a_broken_sitecustomize_complains_as_without_us(
    spool: Spool, python: str, code: str
) -> None:
    spool.executable = python
    (spool.project / "sitecustomize.py").write_text(code)
    environ = {**spool.environ, "PYTHONPATH": str(spool.project)}
    plain, ours = (run("-c", "print(1)", env=environ) for run in (spool.plain, spool.run))
    assert plain.stderr
    assert (ours.stdout, ours.stderr, ours.returncode) == (
        plain.stdout,
        plain.stderr,
        plain.returncode,
    )


def test_search_path_and_modules_are_those_of_a_plain_start(spool: Spool, python: str) -> None:
    spool.executable = python
    code = "import sys; print(sys.path, sys.flags, sys.argv, sys.dont_write_bytecode, sys.pycache_prefix)"
    assert spool.run("-c", code, "a").stdout == spool.plain("-c", code, "a").stdout


def test_a_spool_that_is_gone_is_no_matter(spool: Spool) -> None:
    spool.folder.joinpath("settings").unlink()
    code = "import anew; anew.log('x', 1); print(open('/dev/null').read(), 1)"
    done = spool.run("-c", code, env={**spool.environ, "PYTHONPATH": SOURCE})
    assert (done.stdout, done.stderr) == (" 1\n", "")


def test_unwritable_spool_is_no_matter(spool: Spool) -> None:
    for name in ("probe", "roles", "pins", "figures"):
        (spool.folder / name).rmdir()
        (spool.folder / name).write_text("in the way")
    code = (
        "import anew, random; anew.log('x', 1); open('a', 'w').close(); random.random(); print(1)"
    )
    assert spool.script(code) == "1\n"


CHILDREN = {
    "subprocess": "subprocess.run([sys.executable, '-c', CODE])",
    "empty": "subprocess.run([sys.executable, '-c', CODE], env={})",
    "own": "subprocess.run([sys.executable, '-c', CODE], env={'A': 'b', 'PYTHONPATH': '/nowhere'})",
    "copy": "subprocess.run([sys.executable, '-c', CODE], env=dict(os.environ))",
    "no close": "subprocess.run([sys.executable, '-c', CODE], env={}, close_fds=False)",
    "shell": "subprocess.run(shlex.join([sys.executable, '-c', CODE]), shell=True)",
    "system": "os.system(shlex.join([sys.executable, '-c', CODE]))",
    "popen": "os.popen(shlex.join([sys.executable, '-c', CODE])).read()",
    "spawn": "os.posix_spawn(sys.executable, [sys.executable, '-c', CODE], {}); os.wait()",
    "spawnve": "os.spawnve(os.P_WAIT, sys.executable, [sys.executable, '-c', CODE], {})",
    "spawnl": "os.spawnl(os.P_WAIT, sys.executable, sys.executable, '-c', CODE)",
    "execve": "os.execve(sys.executable, [sys.executable, '-c', CODE], {})",
    "execv": "os.execv(sys.executable, [sys.executable, '-c', CODE])",
    "bytes": "os.execve(sys.executable, [sys.executable, '-c', CODE], {b'A': b'b'})",
    "fork": "os.fork() or (exec(CODE), os._exit(0)); os.wait()",
}


@pytest.mark.parametrize("how", CHILDREN)
def test_child_is_followed(spool: Spool, how: str) -> None:
    child = "import anew; anew.note('child')"
    code = f"import os, shlex, subprocess, sys\nCODE = {child!r}\n{CHILDREN[how]}\n"
    spool.script(code)
    assert [event[2] for event in spool.events("note")] == ["child"]
    roles = [start["role"] for start in spool.starts()]
    assert roles[0] == ""
    assert all(role for role in roles[1:])


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_is_followed(spool: Spool, python: str, method: str) -> None:
    spool.executable = python
    code = f"""
import multiprocessing as mp
def work(i):
    import anew
    anew.log("work", i)
if __name__ == "__main__":
    context = mp.get_context({method!r})
    children = [context.Process(target=work, args=(i,)) for i in range(3)]
    for child in children: child.start()
    for child in children: child.join()
"""
    spool.script(code)
    assert sorted(line[2] for line in spool.points()) == ["0.0", "1.0", "2.0"]
    roles = {facts["role"] for facts in spool.starts() + spool.ends()}
    assert {"/p1", "/p2", "/p3"} <= roles
    ended = [line for line in spool.lines("events") if line[0] == "end"]
    assert len(ended) >= 4


def test_isolated_python_can_take_part_in_a_pool(spool: Spool) -> None:
    """A worker that is not recorded must be able to unpickle what we handed on."""
    code = """
import pickle, subprocess, sys
from concurrent.futures import ProcessPoolExecutor
import _anew_probe.tasks as tasks
data = pickle.dumps(tasks.Task(len, "key", 0, 1))
print(subprocess.run([sys.executable, "-I", "-c",
    "import pickle, sys; print(pickle.loads(sys.stdin.buffer.read())([1, 2]))"],
    input=data, stdout=subprocess.PIPE).stdout)
"""
    assert spool.script(code) == "b'2\\n'\n"


def test_environment_of_a_program_that_is_no_python_is_its_own(spool: Spool) -> None:
    code = "import subprocess; print(subprocess.run(['env'], env={'A': 'b'}, stdout=-1).stdout.decode())"
    names = {line.partition("=")[0] for line in spool.script(code).splitlines() if line}
    assert names == {"A", "ANEW_SPOOL", "ANEW_ROLE", "PYTHONPATH"}


def test_wrapped_functions_still_look_like_themselves(spool: Spool) -> None:
    code = """
import copy, inspect, os, pickle, random, uuid, subprocess
import numpy as np
for function in (os.execve, uuid.uuid4, np.random.default_rng, np.random.seed, random.Random.seed):
    assert pickle.loads(pickle.dumps(function)) is function, function
assert inspect.signature(uuid.uuid4) == inspect.Signature()
assert list(inspect.signature(random.Random.seed).parameters) == ["self", "a", "version"]
assert pickle.loads(pickle.dumps(random.seed)).__name__ == "seed"
assert np.random.default_rng is np.random._generator.default_rng
class Holder:
    execve = os.execve
assert Holder().execve is os.execve
assert random.__spec__.loader is random.__loader__
assert type(random.__loader__).__name__ == "SourceFileLoader", random.__loader__
assert "exec_module" not in vars(random.__loader__)
import _posixsubprocess
assert _posixsubprocess.__loader__ is _posixsubprocess.__spec__.loader
import importlib; importlib.reload(random); random.random()
"""
    spool.script(code)
    assert spool.gaps() == []


def test_start_costs_little(spool: Spool) -> None:
    """Far above what it costs (see the report): a guard against a package that comes to be loaded."""
    code = (
        "import sys; print(len(sys.modules)); print(*[m for m in sys.modules if 'anew' not in m])"
    )
    plain = set(spool.plain("-c", code).stdout.split("\n")[1].split())
    ours = set(spool.run("-c", code).stdout.split("\n")[1].split())
    assert ours - plain <= {"__future__", "_json", "atexit", "_blake2"}, sys.version
