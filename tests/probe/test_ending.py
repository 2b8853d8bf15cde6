"""The end event, and the cores a program sees."""

import pytest

from tests.probe.spools import Spool


def test_end_names_modules_libraries_and_path(spool: Spool) -> None:
    (spool.project / "own.py").write_text("")
    spool.script("import own, yaml.nodes")
    (end,) = spool.ends()
    modules = dict(end["modules"])
    assert modules["own"] == str(spool.project / "own.py")
    assert modules["yaml"].endswith("yaml/__init__.py")
    assert "yaml.nodes" not in modules
    assert not any(name.startswith("_anew") for name in modules)
    assert any("libc" in path for path in end["libraries"])
    assert end["path"][0] == str(spool.project)
    assert end["lost"] == 0


def test_thread_counts_of_numerical_libraries(spool: Spool) -> None:
    pytest.importorskip("numpy")
    environ = {**spool.environ, "OPENBLAS_NUM_THREADS": "1"}
    spool.script("import numpy", env=environ)
    threads = {name: (count, variable) for name, count, variable in spool.ends()[0]["threads"]}
    if "openblas" not in threads:
        pytest.skip("this numpy brings no OpenBLAS")
    assert threads["openblas"] == (1, "OPENBLAS_NUM_THREADS")


def test_nothing_is_loaded_for_the_sake_of_the_end(spool: Spool) -> None:
    code = "import sys, atexit; atexit.register(lambda: None); import _anew_probe.ending as e; e.tell()"
    code += "; print('ctypes' in sys.modules, 'json' in sys.modules)"
    assert spool.script(code) == "False False\n"


CORES = """
import os, multiprocessing, pickle
print(os.cpu_count(), multiprocessing.cpu_count(), len(os.sched_getaffinity(0)),
      getattr(os, "process_cpu_count", os.cpu_count)())
assert pickle.loads(pickle.dumps(os.cpu_count)) is os.cpu_count
"""


@pytest.mark.parametrize("count", [1, 2, 7])
def test_program_sees_the_recorded_cores(spool: Spool, count: int, python: str) -> None:
    spool.executable = python
    spool.begin(cores=count)
    assert spool.script(CORES).split() == [str(count)] * 4
    assert spool.ends()[0]["cores"] == count


def test_exit_status_and_output_are_the_programs(spool: Spool) -> None:
    for code in ("raise SystemExit(3)", "1/0", "import os; os._exit(4)", "import os; os.abort()"):
        (spool.project / "a.py").write_text(code)
        plain, ours = spool.plain("a.py"), spool.run("a.py")
        assert (ours.returncode, ours.stdout, ours.stderr) == (
            plain.returncode,
            plain.stdout,
            plain.stderr,
        )
