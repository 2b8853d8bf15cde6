"""Arguments to verb calls; the exit codes."""

import os
import signal
import sys
from collections.abc import Sequence

from anew.model.errors import AnewError
from anew.model.recipe import Options
from anew.verbs.run import Ask, Done, run
from anew.verbs.workspace import open_workspace


def main(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    assert words[0] == "run"
    directory = os.environ.get("PWD") or os.getcwd()
    workspace = open_workspace(None, directory)
    ask = Ask(tuple(words[1:]), directory, dict(os.environ), Options())
    try:
        done = run(workspace, ask, lambda _: None)
    except AnewError as e:
        print("anew:", e, file=sys.stderr)
        return e.exit_code
    print("anew: run", done.run_id, done.record and done.record.coverage, done.why, file=sys.stderr)
    return 0
