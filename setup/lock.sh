#!/usr/bin/env bash
# For the maintainer: writes setup/requirements.lock anew from pyproject.toml. Needs uv and the network.
set -euo pipefail

usage="Usage: bash setup/lock.sh [--upgrade | --upgrade-package NAME]

Pins every package that pyproject.toml leads to, for Python 3.10 to 3.12 on Linux, macOS and Windows, with hashes.
Versions already in the lock stay as they are unless --upgrade or --upgrade-package NAME is given."

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
case ${1:-} in -h | --help) echo "$usage"; exit 0 ;; esac
command -v uv >/dev/null || { echo "lock.sh needs uv: pip install uv" >&2; exit 2; }

cd "$root"
lock=setup/requirements.lock
# One version of each package for all Pythons (fewest), so that the figures of a regression run can be compared.
# The two --no-emit-package are pyproject.toml's overrides, which uv would list with a condition that is never true.
uv pip compile pyproject.toml --extra dev --output-file "$lock" --quiet \
    --universal --python-version 3.10 --fork-strategy fewest \
    --generate-hashes --no-emit-index-url --custom-compile-command "bash setup/lock.sh" \
    --no-emit-package opencv-contrib-python --no-emit-package tensorflow-io-gcs-filesystem "$@"

if grep -n '://' "$lock"; then
    echo "The lines above name an address: the lock must not, so that a mirror can serve it." >&2
    exit 1
fi
echo "$lock: $(grep -c '^[a-z]' "$lock") packages"
