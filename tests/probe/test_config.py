"""Resolved parameters, as the libraries that read them gave them to the program."""

from typing import Any

import pytest

from tests.probe.spools import Spool


def params(spool: Spool) -> dict[str, Any]:
    return {event[2]: event[3] for event in spool.events("param")}


def test_argparse_with_defaults(spool: Spool, python: str) -> None:
    spool.executable = python
    spool.script(
        """
import argparse, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("x"))
commands = parser.add_subparsers(dest="command")
train = commands.add_parser("train"); train.add_argument("--epochs", type=int, default=3)
print(parser.parse_args().epochs)
""",
        "--lr",
        "nan",
        "train",
    )
    (event,) = spool.events("param")
    assert event[2:] == ["argparse", {"lr": "nan", "out": "x", "command": "train", "epochs": 3}]


def test_argparse_errors_stay(spool: Spool) -> None:
    (spool.project / "a.py").write_text("import argparse; argparse.ArgumentParser().parse_args()")
    plain, ours = spool.plain("a.py", "--no"), spool.run("a.py", "--no")
    assert (ours.returncode, ours.stderr) == (plain.returncode, plain.stderr)


def test_click(spool: Spool) -> None:
    pytest.importorskip("click")
    spool.script(
        """
import click
@click.group()
@click.option("--debug", is_flag=True)
def main(debug): pass
@main.command()
@click.option("--lr", default=0.5)
def train(lr): print(lr)
main()
""",
        "train",
    )
    merged = {}
    for event in spool.events("param"):
        merged.update(event[3])
    assert merged == {"debug": False, "train.lr": 0.5}


def test_typer(spool: Spool) -> None:
    pytest.importorskip("typer")
    code = "import typer\ndef main(lr: float = 0.1, n: int = 3): print(lr)\ntyper.run(main)"
    spool.script(code, "--lr", "0.5")
    (found,) = params(spool).values()
    assert found == {"lr": 0.5, "n": 3}


def test_absl(spool: Spool) -> None:
    pytest.importorskip("absl")
    spool.script(
        """
from absl import app, flags
flags.DEFINE_float("lr", 0.1, "rate")
flags.DEFINE_integer("n", 3, "count")
app.run(lambda _: print(flags.FLAGS.lr))
""",
        "--lr=0.5",
    )
    assert params(spool) == {"absl": {"lr": 0.5, "n": 3}}


def test_yaml_documents_the_program_reads(spool: Spool) -> None:
    pytest.importorskip("yaml")
    (spool.project / "c.yaml").write_text("lr: 0.1\nnet: {depth: 3}\n")
    spool.script("import yaml; yaml.safe_load(open('c.yaml')); yaml.safe_load('[1]')")
    assert params(spool) == {"yaml": {"lr": 0.1, "net": {"depth": 3}}}


def test_hydra(spool: Spool) -> None:
    pytest.importorskip("hydra")
    (spool.project / "c.yaml").write_text("lr: 0.1\nhalf: ${lr}\n")
    spool.script("""
import hydra
@hydra.main(version_base=None, config_path=".", config_name="c")
def main(config): print(config.lr)
main()
""")
    assert params(spool) == {"hydra": {"lr": 0.1, "half": 0.1}}
