#!/usr/bin/env bash
# Installs deepfakes/faceswap, a separate program under the GPL, into a folder and a Python environment of its own: lab 8.
set -euo pipefail

usage="Usage: bash setup/faceswap.sh [--check] [cpu|nvidia] [FOLDER]

Installs deepfakes/faceswap at the commit that this kit was tried with: its code into FOLDER/app, its packages into
FOLDER/env. FOLDER is ~/faceswap-app unless given; nothing else changes, delete it and it is gone. Without cpu or nvidia
it is nvidia where an NVIDIA card answers. Does nothing when all is there.

It needs git, Python 3.11 to 3.13 with venv and tkinter, 3 GB of disk (nvidia: 8 GB), the network, and 5 to 15 minutes.

  --check   change nothing, say what is there and what is missing

Exit status: 0 ready, 2 something is missing on this machine (one sentence says what), 1 the installation failed (or,
with --check, it is not complete)."

commit=acdcfa8796c26d47e3610efeae102c9d87b2ad89  # of 2026-06-24
# A copy of it on this disk will do as well.
source=${FACESWAP_SOURCE:-https://github.com/deepfakes/faceswap.git}
again="and run this again"

fail() {
    printf '%s\n' "$1" >&2
    exit "${2:-2}"
}

read_options() {
    check="" backend="" folder=$HOME/faceswap-app
    while (($#)); do
        case $1 in
            -h | --help) echo "$usage"; exit 0 ;;
            --check) check=1 ;;
            cpu | nvidia) backend=$1 ;;
            -*) fail "$usage" ;;
            *) folder=$1 ;;
        esac
        shift
    done
    [[ $folder == /* ]] || folder=$PWD/$folder
    if [[ -z $backend ]]; then backend=$(nvidia-smi -L >/dev/null 2>&1 && echo nvidia || echo cpu); fi
    need_mb=3000
    if [[ $backend == nvidia ]]; then need_mb=8000; fi
    log=$folder/install.log
}

# Written last: without it the folder is half-made, whatever is in it.
ready() { grep -qx "commit $commit" "$folder/installed" 2>/dev/null && grep -qx "backend $backend" "$folder/installed"; }

say_ready() { echo "Faceswap is ready in $folder ($backend). In lab 8: faceswap = \"$folder\""; }

# The first Python that it runs on; its own code asks for tkinter also where no window is opened.
find_python() {
    local name
    for name in python3.12 python3.11 python3.13 python3 python; do
        "$name" -c "import sys$1; (3, 11) <= sys.version_info[:2] <= (3, 13) or sys.exit(1); print(sys.executable)" \
            2>/dev/null && return
    done
    return 1
}

have_uv() { uv --version >/dev/null 2>&1; }

free_mb() {
    local place=$folder
    while [[ ! -d $place ]]; do place=$(dirname "$place"); done
    df -Pm "$place" | awk 'NR == 2 {print $4}'
}

# What is missing, a sentence a line; nothing where all is there.
missing() {
    local python free
    command -v git >/dev/null || echo "git is not there: install it (Ubuntu: sudo apt install git) $again."
    if ! find_python ", venv, ensurepip, tkinter" >/dev/null && ! have_uv; then
        if python=$(find_python ""); then
            echo "$python lacks venv or tkinter: install both (Ubuntu: sudo apt install python3-venv python3-tk) $again."
        else
            echo "No Python 3.11, 3.12 or 3.13 found: install one with its venv and tk packages, or uv, which brings one, $again."
        fi
    fi
    free=$(free_mb)
    ((free >= need_mb)) || echo "$folder has $free MB left and Faceswap needs $need_mb: free some, or give another folder, $again."
}

# The card's compute capability says which CUDA, as Faceswap's own INSTALL.md has it.
requirements() {
    local capability
    if [[ $backend == cpu ]]; then echo requirements_cpu.txt; return; fi
    capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d .) || true
    if ((${capability:-75} >= 75)); then echo requirements_nvidia_13.txt
    elif ((capability >= 50)); then echo requirements_nvidia_12.txt
    else echo requirements_nvidia_11.txt; fi
}

fetch_code() {
    echo "Fetching its code ..."
    rm -rf "$folder/app"
    git init -q "$folder/app"
    git -C "$folder/app" fetch -q --depth 1 "$source" "$commit" >>"$log" 2>&1 ||
        fail "Its code could not be fetched from $source: check the network (a proxy belongs in HTTPS_PROXY) $again."
    git -C "$folder/app" -c advice.detachedHead=false checkout -q FETCH_HEAD
}

install_packages() {
    local python
    echo "Installing its packages (2 to 5 GB, some minutes; $log has the installer's words) ..."
    rm -rf "$folder/env"
    if python=$(find_python ", venv, ensurepip, tkinter"); then
        "$python" -m venv "$folder/env" >>"$log" 2>&1
        "$folder/env/bin/python" -m pip install --disable-pip-version-check --progress-bar off --no-user \
            -r "$folder/app/requirements/$(requirements)" >>"$log" 2>&1
    else
        uv venv --quiet --python 3.12 "$folder/env" >>"$log" 2>&1 &&
            uv pip install --python "$folder/env/bin/python" --index-strategy unsafe-best-match \
                -r "$folder/app/requirements/$(requirements)" >>"$log" 2>&1
    fi || fail "Its packages could not be installed: $log has the installer's words; check network and disk $again." 1
}

# It starts, and finds what it was installed for.
try_it() {
    (cd "$folder/app" && FACESWAP_BACKEND=$backend KERAS_BACKEND=torch "$folder/env/bin/python" -c '
import sys, cv2, keras, tkinter, torch
if sys.argv[1] == "nvidia" and not torch.cuda.is_available(): sys.exit("torch sees no card")
print(torch.__version__)' "$backend" 2>>"$log") | tail -n 1
}

read_options "$@"
if ready; then say_ready; exit 0; fi
lacks=$(missing)
if [[ -n $check ]]; then
    echo "Faceswap is not installed for $backend in $folder. It needs $need_mb MB of disk, the network, 5 to 15 minutes."
    [[ -z $lacks ]] && echo "Nothing is missing on this machine." || printf '%s\n' "$lacks"
    exit 1
fi
[[ -z $lacks ]] || fail "$(head -n 1 <<<"$lacks")"
mkdir -p "$folder" 2>/dev/null || fail "$folder cannot be made: give another folder $again."
if [[ -n $(find "$folder" -mindepth 1 -maxdepth 1 ! -name app ! -name env ! -name installed ! -name install.log) ]]; then
    fail "$folder holds other things than Faceswap: give an empty or a new folder $again."
fi
rm -f "$folder/installed"
: >"$log"
unset PYTHONPATH PYTHONHOME
fetch_code
install_packages
torch=$(try_it) && [[ -n $torch ]] || fail "Faceswap does not start: the last lines of $log say why; with a card, is its driver new enough?" 1
printf 'commit %s\nbackend %s\ntorch %s\n' "$commit" "$backend" "$torch" >"$folder/installed"
say_ready
