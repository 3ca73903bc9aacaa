#!/usr/bin/env bash
# Style and tests, as CI runs them.
set -euo pipefail

usage="Usage: bash setup/test.sh [PYTEST OPTION...]

Installs what is needed into .venv (once), checks style and format with ruff and runs the tests with pytest. All run,
even when the first fails. What this machine lacks (a browser, OCR) is said at the end: which tests were skipped, and
what to install for them. Two files of tests run at once; -n 0 runs one after the other. Options go to pytest, for
example: -k faceset, -x, tests/media/test_video.py.

Exit status: 0 all well, otherwise that of the check that failed."

case ${1:-} in -h | --help) echo "$usage"; exit 0 ;; esac
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$root/setup/env.sh"
cd "$root"
status=0
.venv/bin/python -m ruff check || status=$?
.venv/bin/python -m ruff format --check || status=$?
.venv/bin/python -m pytest --numprocesses 2 --dist loadfile -rs "$@" || status=$?
exit "$status"
