"""`anew env`: what a run's environment was, and the same again. Each command loads alone."""

import click

from anew.cli.groups import Group

COMMANDS = {
    "show": "Show what was installed and what of it was really imported.",
    "diff": "Compare the environments of two runs, or of a run and here.",
    "rebuild": "Make a virtual environment from that of a run.",
    "archive": "Take the installed files of a run's environment into the store.",
    "image": "Write, and build, a container of an environment.",
    "lock": "Write a lock to install the same distributions from.",
    "audit": "Say what is wrong, risky or old about an environment.",
}


@click.group("env", cls=Group, about=COMMANDS, prefix="env_")
def command() -> None:
    """See, compare, archive, rebuild, lock, contain and audit the environment of a run."""
