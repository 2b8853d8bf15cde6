"""Rules about the shape of the code base that no linter states for us."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "anew"
FILES = sorted(PACKAGE.rglob("*.py"))
FILE_LINES, CLASS_LINES, FUNCTION_LINES = 400, 250, 60
ALLOWED: dict[str, str] = {}  # "path" or "path::name" -> why it may be longer


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text())) or "\n").splitlines()[0]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_file_class_or_function_outgrows_a_reader(path: Path) -> None:
    text = path.read_text()
    too_long = [name(path)] if text.count("\n") > FILE_LINES else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            limit = CLASS_LINES if isinstance(node, ast.ClassDef) else FUNCTION_LINES
            if (node.end_lineno or 0) - node.lineno + 1 > limit:
                too_long.append(f"{name(path)}::{node.name}")
    assert [item for item in too_long if item not in ALLOWED] == []


def test_importing_anew_loads_next_to_nothing() -> None:
    code = "import sys; b = set(sys.modules); import anew; print(*sorted(m for m in set(sys.modules) - b if m.split('.')[0] not in sys.stdlib_module_names))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert all(module.startswith("anew") for module in loaded.stdout.split())
    assert len(loaded.stdout.split()) <= 4


@pytest.mark.parametrize("path", sorted((PACKAGE / "probe").rglob("*.py")), ids=name)
def test_the_probe_needs_the_standard_library_only(path: Path) -> None:
    """It is injected where neither Anew nor its dependencies are installed."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported.add(node.module or "")
    outside = {module.split(".")[0] for module in imported} - sys.stdlib_module_names
    assert outside <= {"_anew_probe", "sitecustomize"}


def test_every_error_has_its_own_exit_code_and_the_docs_list_it() -> None:
    from anew.model import errors

    classes = errors.AnewError.__subclasses__()
    assert (
        len({cls.exit_code for cls in classes})
        == len({cls.code for cls in classes})
        == len(classes)
    )
    page = (ROOT / "docs" / "commands.md").read_text()
    for cls in classes:
        assert f"| {cls.exit_code} | `{cls.code}` |" in page


def test_the_map_lists_every_file_and_no_other() -> None:
    """ARCHITECTURE.md shows each file with the first line of its docstring; `tools/map.py` writes it."""
    page = (ROOT / "ARCHITECTURE.md").read_text()
    listed = set(re.findall(r"^- `([\w/.]+\.py)`: (.+)$", page, re.MULTILINE))
    assert listed == {(name(path), first_line(path)) for path in FILES}


def test_help_is_quick_to_start_with() -> None:
    code = "import sys; sys.argv = ['anew', '--help']; from anew.cli.main import main; main(); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {
        "msgspec",
        "sqlite3",
        "blake3",
        "rich",
        "asyncio",
        "importlib.metadata",
        "email",
        "yaml",
    }
    assert heavy & set(done.stderr.split()) == set()


def test_a_run_without_options_starts_without_what_reads_options(tmp_path: Path) -> None:
    code = "import sys; from anew.cli.main import main; main(['run', 'true']); print(*sys.modules)"
    place = {**os.environ, "ANEW_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=place, cwd=tmp_path, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "sealed" in done.stderr
    slow = {"click", "inspect", "platformdirs", "tempfile", "json"}
    assert slow & set(done.stdout.split()) == set()


def test_no_path_of_a_machine_is_in_the_project() -> None:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    home = os.path.expanduser("~")
    for line in done.stdout.splitlines():
        path = ROOT / line
        if path.is_file() and path.suffix in (".py", ".md", ".toml", ".json", ".yml", ".sh"):
            text = path.read_text(errors="replace")
            assert f"{home}/" not in text, line
