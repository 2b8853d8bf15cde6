"""The command line as click reads it: the commands, their options and help."""

from collections.abc import Sequence

import click

from anew.cli.catalogue import COMMANDS
from anew.cli.groups import Group
from anew.model.errors import WrongUsage
from anew.model.version import VERSION


@click.group(
    cls=Group,
    about=COMMANDS,
    prefix="",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="RUN is an id or its beginning, a name, or @1, @2, … for the latest runs.",
)
@click.version_option(VERSION, prog_name="anew")
def anew() -> None:
    """Record an experiment, run it again from its record, and say if the result is the same."""


def carry_out(words: Sequence[str]) -> int:
    """Carry out what a command line says, and return the exit code.

    Raises:
        WrongUsage: it says what nobody understands.
        KeyboardInterrupt: it was interrupted while it asked something.
    """
    try:
        code = anew.main(list(words), prog_name="anew", standalone_mode=False)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "anew"
        raise WrongUsage(error.format_message(), hint=f"see `{where} --help`") from error
    except click.exceptions.Abort as error:
        raise KeyboardInterrupt from error
    return code if isinstance(code, int) else 0
