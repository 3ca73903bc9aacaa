#!/usr/bin/env bash
# For the maintainer: writes the three locks anew. Needs uv and the network.
set -euo pipefail

usage="Usage: bash setup/lock.sh [--upgrade | --upgrade-package NAME]

Pins, with hashes:
  setup/requirements.lock         all that pyproject.toml leads to, Python 3.10 to 3.12 on Linux, macOS and Windows
  setup/requirements-gpu.lock     what its extra gpu adds on Linux x86_64: CUDA and cuDNN for TensorFlow
  setup/vm/requirements-hub.lock  JupyterHub for a class on one VM, from setup/vm/requirements-hub.in
Versions already in a lock stay as they are unless --upgrade or --upgrade-package NAME is given."

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
case ${1:-} in -h | --help) echo "$usage"; exit 0 ;; esac
command -v uv >/dev/null || { echo "lock.sh needs uv: pip install uv" >&2; exit 2; }

cd "$root"
lock=setup/requirements.lock
gpu_lock=setup/requirements-gpu.lock
hub_lock=setup/vm/requirements-hub.lock
common=(--quiet --python-version 3.10 --generate-hashes --no-emit-index-url --custom-compile-command "bash setup/lock.sh")
# One version of each package for all Pythons (fewest), so that the figures of a regression run can be compared.
universal=(--universal --fork-strategy fewest)
# pyproject.toml's overrides, which uv would list with a condition that is never true.
overrides=(--no-emit-package opencv-contrib-python --no-emit-package tensorflow-io-gcs-filesystem)

without_what_the_lock_has() {
    local name
    while IFS= read -r name; do printf '%s\n' --no-emit-package "$name"; done \
        < <(grep -oE '^[a-z0-9][a-z0-9._-]*' "$lock" | sort -u)
}

# uv lists what it left out, and takes no comments over from pyproject.toml.
finish_gpu_lock() {
    local why="# Below 9.11, which dropped compute capability 6.0 and 7.0 (P100, V100): one lock serves all cards."
    awk -v why="$why" '/^$/ {exit} /^nvidia-cudnn-cu12==/ {print why} {print}' "$gpu_lock" >"$gpu_lock.new"
    mv "$gpu_lock.new" "$gpu_lock"
}

uv pip compile pyproject.toml --extra dev --output-file "$lock" "${common[@]}" "${universal[@]}" "${overrides[@]}" "$@"
mapfile -t left_out < <(without_what_the_lock_has)
uv pip compile pyproject.toml --extra gpu --output-file "$gpu_lock" "${common[@]}" \
    --python-platform x86_64-manylinux_2_28 --constraints "$lock" "${overrides[@]}" "${left_out[@]}" "$@"
finish_gpu_lock
# The same versions of JupyterLab and its parts as in the lessons' environment.
uv pip compile setup/vm/requirements-hub.in --output-file "$hub_lock" "${common[@]}" "${universal[@]}" \
    --constraints "$lock" "$@"

for file in "$lock" "$gpu_lock" "$hub_lock"; do
    if grep -n '://' "$file"; then
        echo "The lines above name an address: $file must not, so that a mirror can serve it." >&2
        exit 1
    fi
    echo "$file: $(grep -c '^[a-z]' "$file") packages"
done
