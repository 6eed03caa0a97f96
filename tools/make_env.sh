#!/bin/sh
# Make the virtual environment: right Python, system libraries, pinned packages. Called by `make env`.
#
#   tools/make_env.sh VENV STAMP
#   PYTHON=python3.12        which Python (default: the first of 3.11, 3.12, 3.10 found)
#   PIP_OPTIONS="..."        handed to pip install
set -eu
venv=$1
stamp=$2
here=$(dirname "$0")

is_right() { "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null; }

if [ -n "${PYTHON:-}" ]; then
    if ! is_right "$PYTHON"; then
        version=$("$PYTHON" --version 2>&1) || version="not a Python"
        echo "PYTHON=$PYTHON: affectflow needs Python 3.10, 3.11 or 3.12, this is $version." >&2
        exit 1
    fi
    python=$PYTHON
else
    python=
    for candidate in python3.11 python3.12 python3.10 python3; do
        if is_right "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        version=$(python3 --version 2>&1) || version="missing"
        echo "Python 3.10, 3.11 or 3.12 not found (python3 is $version)." \
            "Install one, or name it: make env PYTHON=/path/to/python3.11" >&2
        exit 1
    fi
fi

sh "$here/system_packages.sh" "$python"

rm -f "$stamp"
# A venv of another Python cannot be mended; one whose installation was cut off can.
if [ ! -x "$venv/bin/python" ] || ! is_right "$venv/bin/python"; then
    echo "making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
fi
echo "installing the pinned packages (several minutes the first time)"
# shellcheck disable=SC2086  # a list of options
"$venv/bin/python" -m pip install --quiet ${PIP_OPTIONS:-} -c constraints.txt -e '.[dev]'
"$venv/bin/python" -m pip check
touch "$stamp"
echo "environment ready: $venv"
