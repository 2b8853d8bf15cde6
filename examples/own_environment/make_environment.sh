#!/bin/sh
set -eu
uv venv --quiet .venv
uv pip install --quiet --python .venv/bin/python "markupsafe>=3" "pyyaml>=6"
