# Read by prepare.sh and by every step: how a step says what it did, and where things are. Not run by itself.
# shellcheck shell=bash
set -euo pipefail
# What root makes here others read: the service, the learners. What they must not is closed where it is made.
umask 022

: "${FACESWAP_USER:=faceswap}" "${FACESWAP_PORT:=8888}" "${FACESWAP_HUB:=0}" "${FACESWAP_WITH:=}" "${FACESWAP_DRY_RUN:=}"
# A Dask cluster: the scheduler's private address, and, where that is this machine, the workers' range.
: "${FACESWAP_SCHEDULER:=}" "${FACESWAP_WORKERS:=}"
: "${FACESWAP_HOME:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
# Set by the tests alone: the folder that stands for /, so that a step can be run without changing the machine.
: "${FACESWAP_ROOT:=}"
vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
settings=$FACESWAP_ROOT/etc/faceswap-workshop
# shellcheck disable=SC2034  # these two are for the scripts that read this one
units=$FACESWAP_ROOT/etc/systemd/system
# shellcheck disable=SC2034
log=$FACESWAP_ROOT/var/log/faceswap-workshop.log
# The service user's home: away from /home, which the service does not see, and from the clone, which stays clean.
user_home=$FACESWAP_ROOT/var/lib/$FACESWAP_USER

# What is said here prepare.sh stamps with the time, shows and logs. FACESWAP_STATE is its folder for this one run.
say() { printf '%s\n' "$*"; }
already() { say "  already: $*"; }
skipped() { say "  skipped: $*"; }
note() { if [[ -n ${FACESWAP_STATE:-} ]]; then printf '%s\n' "$2" >>"$FACESWAP_STATE/$1"; fi; }

# For a command of many lines: they go into the log alone.
quietly() { "$@" >>"$log" 2>&1 </dev/null; }

# Ends the step. The sentence says what is wrong and what to do; status 3 stands for "reboot, then run this again".
fail() {
    note why "$1"
    printf '%s\n' "$1" >&2
    exit "${2:-1}"
}

# ensure TEXT HOLDS MAKE: does nothing where the function HOLDS is true already. Otherwise calls the function MAKE,
# after which HOLDS must be true. Every change to the machine goes through here, so that it can be counted and left out.
ensure() {
    local text=$1 holds=$2 make=$3
    if "$holds"; then already "$text"; return; fi
    if [[ -n $FACESWAP_DRY_RUN ]]; then say "  would do: $text"; return; fi
    "$make"
    "$holds" || fail "\"$text\" did not come true, though nothing failed; the lines above in the log say what was done."
    say "  done: $text"
    note changes "$text"
}

# Whether systemd runs this machine: not so in a container, in a chroot and while an image is being built.
booted() { [[ -d $FACESWAP_ROOT/run/systemd/system ]]; }

# os_field ID prints that field of /etc/os-release.
os_field() { sed -n "s/^$1=//p" "$FACESWAP_ROOT/etc/os-release" | tr -d '"'; }

memory_mb() { awk '/^MemTotal:/ {print int($2 / 1024)}' "$FACESWAP_ROOT/proc/meminfo"; }

is_worker() { [[ -n $FACESWAP_SCHEDULER && -z $FACESWAP_WORKERS ]]; }

# The graphics cards of NVIDIA on the PCI bus (display controllers: class 0x03....), one device number a line.
card_devices() {
    local folder
    for folder in "$FACESWAP_ROOT"/sys/bus/pci/devices/*; do
        [[ -e $folder/vendor && $(<"$folder/vendor") == 0x10de && $(<"$folder/class") == 0x03* ]] || continue
        cat "$folder/device"
    done
}

# Of a worker: one works with two cores, as its rates were measured.
processes() { echo $((($(nproc) + 1) / 2)); }

# This machine's address on the scheduler's network.
address() { ip -4 route get "$FACESWAP_SCHEDULER" | sed -n 's/.* src \([0-9.]*\).*/\1/p'; }

# A file of setup/vm with @USER@, @HOME@ and so on replaced.
rendered() {
    local address=""
    if [[ -n $FACESWAP_SCHEDULER ]]; then address=$(address); fi
    sed -e "s|@USER@|$FACESWAP_USER|g" -e "s|@USER_HOME@|$user_home|g" -e "s|@HOME@|$FACESWAP_HOME|g" \
        -e "s|@PORT@|$FACESWAP_PORT|g" -e "s|@SETTINGS@|$settings|g" -e "s|@SCHEDULER@|$FACESWAP_SCHEDULER|g" \
        -e "s|@ADDRESS@|$address|g" \
        -e "s|@WORKERS@|$FACESWAP_WORKERS|g" -e "s|@PROCESSES@|$(processes)|g" "$vm/$1"
}

# same_file TEMPLATE TARGET MODE, then put_file with the same three: a rendered file in its place, whole or not at all.
same_file() { cmp -s <(rendered "$1") "$2" && [[ $(stat -c %a "$2") == "$3" ]]; }
put_file() {
    mkdir -p "$(dirname "$2")"
    rendered "$1" >"$2.new"
    chmod "$3" "$2.new"
    mv "$2.new" "$2"
}

# A service of setup/vm. The step sets $name, its unit's, and $what, how people call it.
# shellcheck disable=SC2154
unit_there() { same_file "$name" "$units/$name" 644; }
put_unit() {
    put_file "$name" "$units/$name" 644
    if command -v systemd-analyze >/dev/null; then
        systemd-analyze verify "$units/$name" || fail "systemd refuses $units/$name: send the lines above to the maintainers."
    fi
    if booted; then systemctl daemon-reload && systemctl try-restart "$name"; fi
}
enabled() { systemctl is-enabled --quiet "$name" 2>/dev/null; }
enable() { systemctl enable --quiet "$name"; }
active() { systemctl is-active --quiet "$name"; }
# shellcheck disable=SC2154
start() { systemctl start "$name" || fail "$what did not start: journalctl -u $name has its words."; }

# One JupyterLab or a hub: only one of the two can have the port. The step sets $other.
# shellcheck disable=SC2154
other_off() { ! systemctl is-enabled --quiet "$other" 2>/dev/null; }
stop_other() {
    systemctl disable --quiet "$other"
    if booted; then systemctl stop "$other"; fi
}

# As the service user, with its own home, and temporary files on disk: /tmp may be a piece of memory.
as_user() { runuser -u "$FACESWAP_USER" -- env HOME="$user_home" TMPDIR=/var/tmp "$@"; }
