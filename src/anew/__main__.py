"""`python -m anew`, and the `anew` command."""

import sys

from anew.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
