#!/usr/bin/env bash
# The service user, who may write workbook/, workdir/ and .venv/ of the clone and nothing else in it.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

user_there() { getent passwd "$FACESWAP_USER" >/dev/null; }
add_user() {
    useradd --system --user-group --create-home --home-dir "$user_home" --shell /usr/sbin/nologin "$FACESWAP_USER"
}

home_private() { [[ -d $user_home && $(stat -c '%U %a' "$user_home") == "$FACESWAP_USER 700" ]]; }
make_home() {
    mkdir -p "$user_home"
    chown "$FACESWAP_USER:$FACESWAP_USER" "$user_home"
    chmod 700 "$user_home"
}

# The rest stays root's: what root runs from the clone, this script for one, must not be the service's to change.
own=("$FACESWAP_HOME/.venv" "$FACESWAP_HOME/workbook")
# A worker's workdir/ is the scheduler's, and so is what lies in it.
is_worker || own+=("$FACESWAP_HOME/workdir")
folders_owned() {
    local folder
    for folder in "${own[@]}"; do
        [[ -d $folder && -z $(find -H "$folder" ! -user "$FACESWAP_USER" -print -quit) ]] || return 1
    done
}
own_folders() {
    mkdir -p "${own[@]}"
    chown -RH "$FACESWAP_USER:$FACESWAP_USER" "${own[@]}"
}

readable() { as_user test -r "$FACESWAP_HOME/setup/requirements.lock" -a -x "$FACESWAP_HOME/notebooks"; }
let_read() {
    chmod -R a+rX "$FACESWAP_HOME/setup" "$FACESWAP_HOME/faceswap_lib" "$FACESWAP_HOME/notebooks"
    chmod a+rx "$FACESWAP_HOME"
    readable || fail "$FACESWAP_USER cannot read $FACESWAP_HOME: open the folders above it (chmod a+x) and run this again."
}

ensure "user $FACESWAP_USER" user_there add_user
ensure "its home $user_home" home_private make_home
ensure "${own[*]##*/} owned by $FACESWAP_USER" folders_owned own_folders
if user_there; then ensure "the clone readable for $FACESWAP_USER" readable let_read; fi
