"""`anew env`: what a run's environment was, and the same again. Each command loads alone."""

import importlib

import click

COMMANDS = {
    "show": "Show what was installed and what of it was really imported.",
    "diff": "Compare the environments of two runs, or of a run and here.",
    "rebuild": "Make a virtual environment from that of a run.",
    "archive": "Take the installed files of a run's environment into the store.",
    "image": "Write, and build, a container of an environment.",
    "lock": "Write a lock to install the same distributions from.",
    "audit": "Say what is wrong, risky or old about an environment.",
}


class Commands(click.Group):
    """The commands of `anew env`, each in a module of its own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help page."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"anew.cli.commands.env_{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group("env", cls=Commands)
def command() -> None:
    """See, compare, archive, rebuild, lock, contain and audit the environment of a run."""
