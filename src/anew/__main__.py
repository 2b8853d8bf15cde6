"""`python -m anew`, and the `anew` command."""


def main() -> int:
    """Run the command line; return its exit code."""
    return 0
