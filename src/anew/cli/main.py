"""The command line: finds the command, turns errors into words and exit codes."""

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from anew.cli import render
from anew.model.errors import AnewError, StoreUnusable, Unsupported, WrongUsage
from anew.model.version import VERSION

# Each command in the order of the help page; it is loaded when it is called, or all for the help.
COMMANDS = {
    "run": "Run a command and record all that decided its result.",
    "replay": "Run a recorded run again from its record alone, and judge.",
    "ls": "List runs.",
    "show": "Show what a run was: recipe, circumstances, outcome, coverage.",
    "diff": "Compare two runs.",
    "get": "Bring files of a run back, verified.",
    "logs": "Print what a run wrote to its streams.",
    "tag": "Add or remove tags of a run.",
    "note": "Add a note to a run.",
    "keep": "Hold by value what a run holds by reference.",
    "promote": "Let a run enter the production track, proved by a replay in a clean room.",
    "env": "See, compare, archive, rebuild, lock and audit the environment of a run.",
    "seal": "Finish a run that was cut off before it was sealed.",
    "rm": "Remove runs and free what nothing else needs.",
    "verify": "Check that all a run holds is there and whole.",
    "init": "Keep this project's runs in a store beside it.",
}


class Commands(click.Group):
    """The commands, each in a module of its own that is imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help page."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"anew.cli.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="RUN is an id or its beginning, a name, or @1, @2, … for the latest runs.",
)
@click.version_option(VERSION, prog_name="anew")
def anew() -> None:
    """Record an experiment, run it again from its record, and say if the result is the same."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if sys.platform == "win32":
        return _failed(Unsupported("Windows is not supported", hint="use WSL"), words)
    try:
        code = anew.main(words, prog_name="anew", standalone_mode=False)
    except AnewError as error:
        return _failed(error, words)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "anew"
        usage = WrongUsage(error.format_message(), hint=f"see `{where} --help`")
        return _failed(usage, words)
    except click.exceptions.Abort:
        return 128 + signal.SIGINT
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads us: nothing more to say
        return 128 + signal.SIGPIPE
    except OSError as error:
        return _failed(StoreUnusable("a file could not be used", why=str(error)), words)
    return code if isinstance(code, int) else 0


def end() -> NoReturn:
    """Run the command line, and end at once: to take the interpreter apart costs 10 ms."""
    code = main()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # it may have been closed when we started
                stream.flush()
    except BrokenPipeError:
        code = 128 + signal.SIGPIPE
    except OSError as error:
        code = _failed(StoreUnusable("output could not be written", why=str(error)), [])
    os._exit(code)


def _failed(error: AnewError, words: Sequence[str]) -> int:
    own = words[: words.index("--")] if "--" in words else words
    render.show_error(error, as_json="--json" in own, prefix=bool(words) and words[0] == "run")
    return error.exit_code
