"""The command line: finds the command, turns errors into words and exit codes."""

import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from anew.cli import render
from anew.cli.loading import load_msgspec
from anew.model.errors import AnewError, StoreUnusable, Unsupported


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if sys.platform == "win32":
        return _failed(Unsupported("Windows is not supported", hint="use WSL"), words)
    try:
        return _carry_out(words)
    except AnewError as error:
        return _failed(error, words)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads us: nothing more to say
        return 128 + signal.SIGPIPE
    except OSError as error:
        return _failed(StoreUnusable("a file could not be used", why=str(error)), words)


def _carry_out(words: Sequence[str]) -> int:
    if len(words) > 1 and words[0] == "run" and not words[1].startswith("-"):
        load_msgspec()
        from anew.cli import running  # what parses options takes 15 ms to load, and there is none
        from anew.model.recipe import Options

        return running.carry_out(tuple(words[1:]), Options())
    from anew.cli import parsing

    return parsing.carry_out(words)


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
