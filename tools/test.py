"""Sets up a virtual environment in `.venv` and runs the tests in it.

    python3 tools/test.py [--examples] [PYTEST OPTIONS]

With `--examples`, or where CI is set, what the example experiments need (torch, JAX, scikit-learn,
…) is installed too, in `.venv-examples`; without, those that need it are skipped, and say so.
"""

import os
import subprocess
import sys

import environments


def main() -> int:
    """Run the tests; return pytest's exit code."""
    words = sys.argv[1:]
    programs = environments.own(dev=True)
    environ = dict(os.environ)
    if "--examples" in words or os.environ.get("CI"):
        words = [word for word in words if word != "--examples"]
        environ["ANEW_EXAMPLES"] = str(environments.examples())
    elif (environments.EXAMPLES / "examples-installed").exists():
        environ["ANEW_EXAMPLES"] = str(environments.EXAMPLES / "bin")
    command = [str(programs / "python"), "-m", "pytest", *words]
    return subprocess.run(command, cwd=environments.ROOT, env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
