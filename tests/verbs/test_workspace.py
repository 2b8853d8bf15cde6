"""Where the store and the cache lie when nobody says."""

from pathlib import Path

import platformdirs
import pytest

from anew.verbs.workspace import open_workspace


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"XDG_DATA_HOME": "data", "XDG_CACHE_HOME": ""},  # relative: the specification ignores it
        {"XDG_DATA_HOME": "/PLACE/data", "XDG_CACHE_HOME": "/PLACE/cache"},
        {"HOME": "/PLACE/a home"},
    ],
)
def test_folders_are_those_of_the_xdg_specification(
    variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ANEW_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace("/PLACE", str(tmp_path)))

    workspace = open_workspace(None, str(tmp_path))
    workspace.store.close()

    assert str(workspace.root) == platformdirs.user_data_dir("anew", appauthor=False)
    assert str(workspace.cache) == platformdirs.user_cache_dir("anew", appauthor=False)
