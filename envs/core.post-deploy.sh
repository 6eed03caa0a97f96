#!/bin/sh
# Put affectflow into the new conda environment, from the checkout (its packages are there already).
set -e
source=${AFFECTFLOW_SOURCE:-$PWD}
if ! grep -q '^name = "affectflow"' "$source/pyproject.toml" 2>/dev/null; then
    echo "$source is not the checkout of affectflow. Set AFFECTFLOW_SOURCE to it and run again." >&2
    exit 1
fi
python -m pip install --quiet --no-deps "$source"
