"""`python -m anew`, and the `anew` command."""

import sys
from pathlib import Path

if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False) and sys.path and sys.path[0] == str(Path.cwd()):
        del sys.path[0]  # `-m` put it there: a project's own `click.py` is none of ours
    from anew.cli.main import end

    end()
