"""Groups of commands, each command in a module of its own that is loaded when it is called."""

import importlib
from collections.abc import Mapping

import click

from anew.cli.loading import load_msgspec


class Group(click.Group):
    """Commands by name: `about` says what each is for, in the order of the help page.

    The module of a command is called `prefix` and its name.
    """

    def __init__(
        self, *args: object, about: Mapping[str, str], prefix: str, **more: object
    ) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]  # click says what they are
        self._about, self._prefix = about, prefix

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help page."""
        del ctx
        return list(self._about)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name."""
        del ctx
        if cmd_name not in self._about:
            return None
        load_msgspec()
        module = importlib.import_module(f"anew.cli.commands.{self._prefix}{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(self._about.items()))
