"""Figures that are shown where there is no screen are kept; the program sees no difference."""

from pathlib import Path

import pytest

from tests.probe.spools import Spool


@pytest.mark.parametrize("screen", [{}, {"DISPLAY": ":99"}])
def test_shown_figures_are_kept(spool: Spool, screen: dict[str, str]) -> None:
    pytest.importorskip("matplotlib")
    code = """
import matplotlib.pyplot as plt
plt.figure(label="first"); plt.plot([1, 2]); plt.figure(); plt.plot([2, 1]); plt.figure(1)
print(plt.show(), plt.get_fignums(), plt.gcf().number, plt.gcf().stale)
"""
    environ = {**spool.environ, "MPLBACKEND": "agg", **screen}
    (spool.project / "a.py").write_text(code)
    plain, ours = spool.plain("a.py", env=environ), spool.run("a.py", env=environ)
    assert (ours.stdout, ours.stderr, ours.returncode) == (plain.stdout, plain.stderr, 0)
    figures = [event[2:] for event in spool.events("figure")]
    assert [(label, number) for _, label, number in figures] == [("", 2), ("first", 1)]
    for path, *_ in figures:
        assert Path(path).read_bytes()[:4] == b"\x89PNG"
    assert not [name for name, _ in spool.opened() if name.endswith(".png")]
