#!/usr/bin/env bash
# A class on one VM: JupyterHub, and learner01, learner02, ... with a password, their own notebooks and their share.
# prepare.sh --hub LEARNERS runs it as its step hub.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

hub=$FACESWAP_ROOT/opt/faceswap-hub
lock=$vm/requirements-hub.lock
passwords=$settings/learners.txt
homes=$FACESWAP_ROOT/home
name=faceswap-hub.service what=JupyterHub
other=faceswap-jupyter.service
# What the system, the hub and its proxy take; the rest is the learners'.
own_mb=1500
least_mb=1200

mapfile -t learners < <(for ((i = 1; i <= FACESWAP_HUB; i++)); do printf 'learner%02d\n' "$i"; done)
memory_each=$((($(memory_mb) - own_mb) / (FACESWAP_HUB > 0 ? FACESWAP_HUB : 1)))

check_size() {
    ((FACESWAP_HUB > 0)) || fail "The step hub needs a number of learners: prepare.sh --hub LEARNERS."
    ((memory_each >= least_mb)) || fail "$FACESWAP_HUB learners on $(memory_mb) MB of memory are $memory_each MB each, and\
 a lesson takes $least_mb: take $((($(memory_mb) - own_mb) / least_mb)) learners or a larger shape."
    already "room for $FACESWAP_HUB learners, $memory_each MB each"
}

hub_there() { cmp -s "$lock" "$hub/installed.lock" && "$hub/bin/python" -c 'import jupyterhub' 2>/dev/null; }
# The system's Python, for the hub is root's: what is in .venv belongs to the service user.
make_hub() {
    rm -rf "$hub"
    "$(command -v python3.11 || command -v python3)" -m venv "$hub"
    TMPDIR=/var/tmp quietly "$hub/bin/python" -m pip install --disable-pip-version-check --no-cache-dir --no-deps \
        --require-hashes -r "$lock" ||
        fail "JupyterHub's packages could not be installed: check the network and run this again."
    cp "$lock" "$hub/installed.lock"
}

# The lessons run in the workshop's environment, not in the hub's.
kernel=$hub/share/jupyter/kernels/python3/kernel.json
kernel_text() {
    printf '{"display_name": "Face-swap workshop", "language": "python", "metadata": {"debugger": true}, "argv": [%s]}\n' \
        "\"$FACESWAP_HOME/.venv/bin/python\", \"-m\", \"ipykernel_launcher\", \"-f\", \"{connection_file}\""
}
kernel_there() { cmp -s <(kernel_text) "$kernel"; }
put_kernel() { mkdir -p "$(dirname "$kernel")" && kernel_text >"$kernel"; }

# Twice as many cores as a fair share, for they seldom all train at once; never more than there are.
settings_text() {
    local cores names
    cores=$(awk -v all="$(nproc)" -v n="$FACESWAP_HUB" \
        'BEGIN {c = 2 * all / n; if (c > all) c = all; if (c < 1) c = 1; print c}')
    names=$(printf ', "%s"' "${learners[@]}")
    printf '{"port": %s, "memory_mb": %s, "cores": %s, "learners": [%s]}\n' \
        "$FACESWAP_PORT" "$memory_each" "$cores" "${names:2}"
}
settings_there() { cmp -s <(settings_text) "$settings/hub.json"; }
put_settings() {
    mkdir -p "$settings" && settings_text >"$settings/hub.json"
    if booted; then systemctl try-restart "$name"; fi
}

# No l, 1, o, 0: they are read off a sheet of paper.
new_password() { head -c 4096 /dev/urandom | LC_ALL=C tr -dc 'a-km-np-z2-9' | cut -c1-12; }
has_password() { grep -qs "^$1 " "$passwords"; }

users_there() {
    local learner
    [[ -f $passwords && $(stat -c %a "$passwords") == 600 ]] || return 1
    for learner in "${learners[@]}"; do
        getent passwd "$learner" >/dev/null && has_password "$learner" || return 1
    done
}
# The list gets a line only after the password is set: half-made users are made anew by the next run.
make_users() {
    local learner password
    mkdir -p "$settings"
    (umask 077 && touch "$passwords")
    chmod 600 "$passwords"
    for learner in "${learners[@]}"; do
        getent passwd "$learner" >/dev/null || useradd --create-home --shell /bin/bash "$learner"
        has_password "$learner" && continue
        password=$(new_password)
        printf '%s:%s\n' "$learner" "$password" | chpasswd
        printf '%s %s\n' "$learner" "$password" >>"$passwords"
    done
}

# notebooks/ and workdir/ side by side, as in the clone. Each learner's copy is brought up to date as that learner:
# what was edited stays, the kit's newer one is laid beside it (setup/workbook.py).
copies_there() {
    local learner list
    for learner in "${learners[@]}"; do
        list=$homes/$learner/workshop/notebooks/.kit.json
        [[ -f $list && -z $(find "$FACESWAP_HOME/notebooks" -type f -newer "$list" -print -quit) ]] || return 1
    done
}
make_copies() {
    local learner folder
    for learner in "${learners[@]}"; do
        folder=$homes/$learner/workshop
        if [[ ! -d $folder ]]; then
            mkdir -p "$folder/workdir"
            chown -R "$learner:" "$folder"
            chmod 700 "$homes/$learner"
        fi
        runuser -u "$learner" -- "$hub/bin/python" "$FACESWAP_HOME/setup/workbook.py" "$FACESWAP_HOME/notebooks" \
            "$folder/notebooks" || fail "$learner's notebooks could not be copied: the lines above say why; run this again."
    done
}

# Where learners who choose to share their progress put it. They can write there and not look around; the service user,
# who owns it, can: the instructor looks as that one, for what is in .venv must not run as root.
shared=$FACESWAP_ROOT/var/lib/faceswap-class
shared_there() { [[ -d $shared && $(stat -c %a "$shared") == 1733 ]]; }
make_shared() { mkdir -p "$shared" && chown "$FACESWAP_USER:" "$shared" && chmod 1733 "$shared"; }

check_size
ensure "JupyterHub in $hub" hub_there make_hub
ensure "the workshop's environment as the hub's kernel" kernel_there put_kernel
ensure "the hub's settings in $settings/hub.json" settings_there put_settings
ensure "$FACESWAP_HUB learners with passwords in $passwords" users_there make_users
ensure "a copy of the notebooks for each learner" copies_there make_copies
ensure "the folder $shared for progress that learners share" shared_there make_shared
ensure "the unit $units/$name" unit_there put_unit
ensure "the single JupyterLab off" other_off stop_other
ensure "JupyterHub started at boot" enabled enable
if booted; then
    ensure "JupyterHub running" active start
else
    skipped "starting JupyterHub: systemd does not run this machine (container or chroot)"
fi
