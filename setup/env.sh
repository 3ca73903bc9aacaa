#!/usr/bin/env bash
# Makes the workshop's Python environment; demo.sh, test.sh and lab.sh run it first.
set -euo pipefail

usage="Usage: bash setup/env.sh [--check]

Makes .venv beside the README from setup/requirements.lock: with uv when it is there, with pip when it is not.
Does nothing when .venv is complete, and builds it anew when it is half-made, older than the lock, or moved here
from another folder. Only .venv changes; delete it and it is gone.

On Linux x86_64 with an NVIDIA card whose driver is loaded, setup/requirements-gpu.lock (CUDA) is installed as well.
FACESWAP_GPU=1 installs it there without looking for the card, FACESWAP_GPU=0 leaves it out.

  --check   change nothing, only say by the exit status whether .venv is complete

Exit status: 0 ready, 2 something is missing on this machine (one sentence says what), 1 the installer failed (or,
with --check, .venv is not complete)."

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lock=$root/setup/requirements.lock
gpu_lock=$root/setup/requirements-gpu.lock
venv=$root/.venv
log=$venv/install.log
# Measured on Linux x86_64, 2026-11: .venv 4.2 GB, of CUDA 2.8 GB more; the rest is for wheels being unpacked.
need_kb=4800000
gpu_need_kb=4700000
again="and run this again"

fail() {
    printf '%s\n' "$1" >&2
    exit "${2:-2}"
}

# Asked to run, not looked up: a version manager leaves an empty "uv" on the PATH.
have_uv() { uv --version >/dev/null 2>&1; }

site() { printf '%s\n' "$venv"/lib/python3.*/site-packages; }

installed() { (cd "$(site)" && printf '%s\n' *.dist-info | LC_ALL=C sort); }

# NVIDIA has no wheels of CUDA 12 for macOS, and those for Linux on ARM are for cards that no small VM has.
wants_gpu() {
    [[ "$(uname -s) $(uname -m)" == "Linux x86_64" ]] || return 1
    case ${FACESWAP_GPU:-} in 1) return 0 ;; 0) return 1 ;; esac
    [[ -e /proc/driver/nvidia/version ]] || nvidia-smi -L >/dev/null 2>&1
}

# With CUDA is right on any machine: a driver that fails for a day must not cost a new installation.
up_to_date() {
    cmp -s <(cat "$lock" "$gpu_lock") "$venv/installed.lock" && return
    cmp -s "$lock" "$venv/installed.lock" && ! wants_gpu
}

# The list of what was installed is written last: without it .venv is half-made, whatever is in it.
ready() {
    up_to_date && [[ -s $venv/installed.txt ]] || return 1
    "$venv/bin/python" -c '' 2>/dev/null || return 1
    grep -qxF "$root" "$(site)/faceswap_workshop.pth" 2>/dev/null || return 1
    [[ -z $(LC_ALL=C comm -23 "$venv/installed.txt" <(installed)) ]]
}

say_ready() {
    echo "Environment ready: .venv, $("$venv/bin/python" -V), $(wc -l <"$venv/installed.txt" | tr -d ' ') packages"
}

stop_if_ready() {
    if ready; then
        say_ready
        exit 0
    fi
}

# Prints the path of the first Python 3.10 to 3.12 that can import the modules named.
find_python() {
    local name
    for name in python3.11 python3.12 python3.10 python3 python; do
        "$name" -c "import sys, $1; (3, 10) <= sys.version_info[:2] <= (3, 12) or sys.exit(1); print(sys.executable)" \
            2>/dev/null && return
    done
    return 1
}

check_machine() {
    case "$(uname -s) $(uname -m)" in
        "Linux x86_64" | "Linux aarch64" | "Darwin arm64") ;;
        MINGW* | MSYS* | CYGWIN*)
            fail "Windows needs WSL (wsl --install) for these scripts: open a WSL terminal $again there." ;;
        *)
            fail "TensorFlow 2.19 and MediaPipe have packages for Linux on x86_64 or aarch64 and macOS on Apple silicon,\
 not for $(uname -s) on $(uname -m): take such a machine." ;;
    esac
}

check_space() {
    local free_kb
    if wants_gpu; then need_kb=$((need_kb + gpu_need_kb)); fi
    free_kb=$(df -Pk "$venv" | awk 'NR == 2 {print $4}')
    if ((free_kb < need_kb)); then
        fail "The environment takes about $((need_kb / 1000000 + 1)) GB and $root has $((free_kb / 1000)) MB left: free some\
 space $again."
    fi
}

no_python="No Python 3.10, 3.11 or 3.12 found: install one (Ubuntu: sudo apt install python3 python3-venv; macOS: brew\
 install python@3.11; or uv, which brings one) $again."

make_venv() {
    local python
    if have_uv; then
        # Without one on the PATH uv looks further, and fetches one.
        python=$(find_python os) || python=3.11
        uv venv --quiet --allow-existing --python "$python" "$venv" >>"$log" 2>&1 && return
        [[ $python == 3.11 ]] && fail "$no_python"
        explain
    fi
    if ! python=$(find_python "venv, ensurepip"); then
        python=$(find_python os) || fail "$no_python"
        python=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        fail "Python $python lacks its venv module: sudo apt install python$python-venv $again."
    fi
    "$python" -m venv "$venv" >>"$log" 2>&1 || explain
}

# --no-deps: the lock is complete, and leaves out on purpose what pyproject.toml says.
install() {
    local options=(--no-deps --require-hashes --no-build-isolation -r "$1")
    if have_uv; then
        UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-180} \
            uv pip install --python "$venv/bin/python" --compile-bytecode "${options[@]}" 2>&1
    else
        "$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar off --no-user "${options[@]}" 2>&1
    fi
}

# The installer's lines go to the log; a terminal shows the latest, so that a long download is seen to move.
show() {
    local line
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        if [[ -t 2 ]]; then printf '\r\033[K  %.75s' "$line" >&2; fi
    done
    if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
}

explain() {
    if grep -qiE 'no space left|disk quota' "$log"; then
        fail "The disk filled up during the installation, in $root or in ${TMPDIR:-/tmp}: free $((need_kb / 1000000 + 1)) GB $again."
    elif grep -qiE 'dns error|name resolution|connection|unreachable|timed out|error sending request|proxy' "$log"; then
        fail "The packages could not be downloaded: check the network (a proxy belongs in HTTPS_PROXY) $again."
    fi
    fail "The installation failed, and $log has the installer's own words." 1
}

fill_venv() {
    # face_recognition_models comes as source only: what builds it is installed first, from the same lock.
    awk '/^[a-z]/ {wanted = /^(packaging|setuptools|wheel)==/} wanted' "$lock" >"$venv/tools.lock"
    install "$venv/tools.lock" | show || explain
    install "$lock" | show || explain
    cp "$lock" "$venv/installing.lock"
    if wants_gpu; then
        install "$gpu_lock" | show || explain
        cat "$gpu_lock" >>"$venv/installing.lock"
    fi
    # So that `python -m faceswap_lib` and the notebooks find the library from any folder.
    printf '%s\n' "$root" >"$(site)/faceswap_workshop.pth"
    installed >"$venv/installed.txt"
    mv "$venv/installing.lock" "$venv/installed.lock"
}

case ${1:-} in
    -h | --help) echo "$usage"; exit 0 ;;
    --check) if ready; then exit 0; else exit 1; fi ;;
    "") ;;
    *) fail "$usage" ;;
esac
stop_if_ready
check_machine
# Two of these at once would empty the folder under each other's feet.
if command -v flock >/dev/null; then
    exec 9<"$lock"
    flock -n 9 || { echo "Another setup/env.sh is at work here: waiting for it." >&2 && flock 9; }
    stop_if_ready
fi
if ! mkdir -p "$venv" 2>/dev/null || ! [[ -w $venv ]]; then
    fail "$root cannot be written: copy it to a folder of yours $again."
fi
# Emptied, not removed: .venv may be a link to a roomier disk.
find -H "$venv" -mindepth 1 -delete
check_space
unset PYTHONPATH PYTHONHOME
make_venv
echo "Filling .venv from setup/requirements.lock: about $((need_kb / 1000000)) GB on disk, once, a minute or a few." >&2
fill_venv
say_ready
