"""`python -m anew`, and the `anew` command."""

from anew.cli.main import end

if __name__ == "__main__":
    end()
