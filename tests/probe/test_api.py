"""What a program says about itself: good values are written, bad ones are gaps."""

import pytest

from tests.probe.spools import Spool


def test_param_artifact_note(spool: Spool) -> None:
    spool.script("""
import anew
anew.param("lr", 0.1)
anew.param({"a": {"b": [1, None, True]}, "c": float("inf"), "d": 2**70, "e": {1, 2}.__class__})
open("model.bin", "wb").write(b"xyz")
anew.artifact("model.bin"); anew.artifact("./model.bin", name="best")
anew.note("tried it")
""")
    first, second = (event[2:] for event in spool.events("param"))
    assert first == ["api", {"lr": 0.1}]
    assert second == [
        "api",
        {"a": {"b": [1, None, True]}, "c": "inf", "d": str(2**70), "e": "<class 'set'>"},
    ]
    path = str(spool.project / "model.bin")
    assert [event[2:4] for event in spool.events("artifact")] == [[path, None], [path, "best"]]
    assert spool.events("artifact")[0][4][2] == 3
    assert [event[2] for event in spool.events("note")] == ["tried it"]


def test_values_of_all_sorts(spool: Spool) -> None:
    spool.script("""
import anew, fractions
anew.log("x", 1); anew.log("x", True); anew.log("x", "0.5"); anew.log("x", fractions.Fraction(1, 4))
anew.log("x", float("nan")); anew.log("x", -float("inf"), step=2.0); anew.log("x", value=3, step=None)
""")
    values = [(line[1], line[2]) for line in spool.points()]
    assert values == [
        (None, "1.0"),
        (None, "1.0"),
        (None, "0.5"),
        (None, "0.25"),
        (None, "nan"),
        (2, "-inf"),
        (None, "3.0"),
    ]


def test_scalars_of_numpy(spool: Spool) -> None:
    pytest.importorskip("numpy")
    spool.script("""
import anew, numpy as np
anew.log("x", np.float32(0.1), step=np.int64(4)); anew.log("x", np.array(2.0))
anew.param("p", np.float64(0.5)); anew.param("q", np.arange(2))
""")
    assert [line[1:3] for line in spool.points()] == [[4, repr(0.10000000149011612)], [None, "2.0"]]
    assert [event[3] for event in spool.events("param")] == [{"p": 0.5}, {"q": "array([0, 1])"}]


def test_bad_values_are_gaps(spool: Spool) -> None:
    spool.script("""
import anew
class Bad:
    def __float__(self): raise RuntimeError("no")
    def __repr__(self): raise RuntimeError("never")
    def __fspath__(self): raise OSError("broken")
anew.log("a", "word"); anew.log("b", None); anew.log("c", 1j); anew.log("d", 1, step=0.5)
anew.log("e", Bad()); anew.log(Bad(), 1); anew.log(5, 1); anew.log({"f": [1]}); anew.log("g", 1, step="x")
anew.param("p", Bad()); anew.artifact(Bad()); anew.artifact(None); anew.artifact(""); anew.note(Bad())
anew.log()  if False else None
print("on")
""")
    assert spool.points() == []
    assert len(spool.gaps()) >= 12
    assert all(event[4] for event in spool.events("gap"))
