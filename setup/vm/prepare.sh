#!/usr/bin/env bash
# Makes a bare VM ready for the workshop: swap, packages, driver, user, environment, JupyterLab as a service.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage="Usage: sudo bash setup/vm/prepare.sh [OPTION...]

Prepares this machine (Ubuntu 22.04 or 24.04, Oracle Linux 8 or 9, Debian 12) from the clone it lies in. Run it as often
as you like: what is right already stays as it is, and the last line says how much was changed.

  --user NAME     the service user (default: faceswap)
  --home FOLDER   the clone (default: the one this script lies in); not below /home or /root
  --port PORT     JupyterLab's port on 127.0.0.1 (default: 8888)
  --hub LEARNERS  a class on this one VM: JupyterHub with that many learners instead of one JupyterLab (1 to 99)
  --with-faceswap deepfakes/faceswap for lab 8 as well, in the service user's home (not with --hub)
  --scheduler ADDRESS  a worker of the Dask cluster whose scheduler has that private address, instead of JupyterLab
  --workers RANGE      with --scheduler: this machine is the scheduler, whose workers have addresses in RANGE
  --only STEP     run one step: check swap packages driver user environment token service hub cluster verify faceswap
  --dry-run       say what would be done, change nothing

Nothing listens but on 127.0.0.1, of a cluster's machines also on private addresses, and no port of the firewall is
opened: come by ssh -L PORT:127.0.0.1:PORT.
Log: /var/log/faceswap-workshop.log

Exit status: 0 ready, 1 a step failed (one sentence says which and what to do), 2 an option is wrong,
3 reboot the machine and run this again."

wrong() {
    printf '%s\nAll options: bash setup/vm/prepare.sh --help\n' "$1" >&2
    exit 2
}

read_options() {
    only=""
    while (($#)); do
        case $1 in
            -h | --help) echo "$usage"; exit 0 ;;
            --dry-run) FACESWAP_DRY_RUN=1; shift; continue ;;
            --with-faceswap) FACESWAP_WITH=1; shift; continue ;;
            --user | --home | --port | --hub | --scheduler | --workers | --only) (($# > 1)) || wrong "$1 needs a value." ;;
            *) wrong "$1 is no option." ;;
        esac
        case $1 in
            --user) FACESWAP_USER=$2 ;;
            --home) FACESWAP_HOME=$2 ;;
            --port) FACESWAP_PORT=$2 ;;
            --hub) FACESWAP_HUB=$2 ;;
            --scheduler) FACESWAP_SCHEDULER=$2 ;;
            --workers) FACESWAP_WORKERS=$2 ;;
            --only) only=$2 ;;
        esac
        shift 2
    done
}

# These values end up in unit files and commands: letters that mean something there are refused.
check_options() {
    [[ $FACESWAP_USER =~ ^[a-z][a-z0-9-]{0,30}$ ]] || wrong "--user $FACESWAP_USER: small letters, digits and dashes only."
    [[ $FACESWAP_HOME =~ ^/[A-Za-z0-9._/-]+$ ]] || wrong "--home $FACESWAP_HOME: a full path without blanks is needed."
    if ! [[ $FACESWAP_PORT =~ ^[1-9][0-9]{3,4}$ ]] || ((FACESWAP_PORT < 1024 || FACESWAP_PORT > 65535)); then
        wrong "--port $FACESWAP_PORT: a number from 1024 to 65535 is needed."
    fi
    [[ $FACESWAP_HUB =~ ^[0-9]{1,2}$ ]] || wrong "--hub $FACESWAP_HUB: a number of learners, at most 99, is needed."
    FACESWAP_HUB=$((10#$FACESWAP_HUB))
    if [[ -n $FACESWAP_WITH ]] && ((FACESWAP_HUB > 0)); then wrong "--with-faceswap is for a VM of one learner, not with --hub."; fi
    check_cluster
}

check_cluster() {
    local address='(10|172|192)(\.[0-9]{1,3}){3}'
    [[ -z $FACESWAP_SCHEDULER || $FACESWAP_SCHEDULER =~ ^$address$ ]] ||
        wrong "--scheduler $FACESWAP_SCHEDULER: a private IPv4 address is needed."
    [[ -z $FACESWAP_WORKERS || $FACESWAP_WORKERS =~ ^$address/[0-9]{2}$ ]] ||
        wrong "--workers $FACESWAP_WORKERS: a range of private IPv4 addresses such as 10.42.2.0/24 is needed."
    [[ -z $FACESWAP_WORKERS || -n $FACESWAP_SCHEDULER ]] || wrong "--workers needs --scheduler, this machine's address."
    if [[ -n $FACESWAP_SCHEDULER ]] && ((FACESWAP_HUB > 0)); then wrong "--scheduler is not for --hub: a cluster obeys one user."; fi
}

# Swap first: on 1 GB the package manager itself is short of memory.
choose_steps() {
    steps=(check swap packages driver user environment)
    if ((FACESWAP_HUB > 0)); then steps+=(hub); elif ! is_worker; then steps+=(token service); fi
    if [[ -n $FACESWAP_SCHEDULER ]]; then steps+=(cluster); fi
    if ! is_worker; then steps+=(verify); fi
    if [[ -n $FACESWAP_WITH ]]; then steps+=(faceswap); fi  # last: without it all other labs work
    if [[ -n $only ]]; then
        [[ -f $vm/steps/$only.sh ]] || wrong "--only $only: there is no such step."
        steps=("$only")
    fi
}

stamp() {
    local line
    while IFS= read -r line || [[ -n $line ]]; do
        TZ=UTC printf '%(%FT%TZ)T %s\n' -1 "$line" | tee -a "$log"
    done
}

open_log() {
    if ((EUID != 0)) && [[ -z $FACESWAP_ROOT ]]; then
        echo "This changes the machine and needs root: sudo bash setup/vm/prepare.sh" >&2
        exit 1
    fi
    mkdir -p "$(dirname "$log")" "$FACESWAP_ROOT/run"
    (umask 027 && touch "$log")
    exec 9>"$FACESWAP_ROOT/run/faceswap-prepare.lock"
    if ! flock -n 9; then
        echo "Another prepare.sh is at work on this machine; wait for it (tail -f $log) and run this again." >&2
        exit 1
    fi
    FACESWAP_STATE=$(mktemp -d)
    trap 'rm -rf "$FACESWAP_STATE"' EXIT
    touch "$FACESWAP_STATE/changes"
}

# The last sentence: which step, what to do, where the log is.
stop_after() {
    local step=$1 status=$2 why="a command failed; its own words are the last lines of the log"
    if [[ -s $FACESWAP_STATE/why ]]; then why=$(<"$FACESWAP_STATE/why"); fi
    echo "Stopped in step $step: $why Log: $log" | stamp >&2
    if ((status == 3)); then exit 3; fi
    exit 1
}

run_steps() {
    local step status
    for step in "${steps[@]}"; do
        echo "$step" | stamp
        status=0
        # The lock is this script's alone: what a step leaves running must not keep it.
        bash "$vm/steps/$step.sh" 2>&1 9>&- | stamp || status=${PIPESTATUS[0]}
        if ((status != 0)); then stop_after "$step" "$status"; fi
    done
}

read_options "$@"
check_options
choose_steps
open_log
export FACESWAP_USER FACESWAP_HOME FACESWAP_PORT FACESWAP_HUB FACESWAP_WITH FACESWAP_DRY_RUN FACESWAP_ROOT FACESWAP_STATE
export FACESWAP_SCHEDULER FACESWAP_WORKERS
say "prepare.sh: ${steps[*]}${FACESWAP_DRY_RUN:+ (dry run)}" | stamp
run_steps
if [[ -n $FACESWAP_DRY_RUN ]]; then
    say "Dry run: nothing changed." | stamp
else
    say "Ready: $(wc -l <"$FACESWAP_STATE/changes" | tr -d ' ') changed." | stamp
fi
