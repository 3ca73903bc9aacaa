#!/usr/bin/env bash
# deepfakes/faceswap for lab 8, a separate program in an environment of its own: setup/faceswap.sh as the service user.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

backend=cpu
if [[ -n $(card_devices) ]]; then backend=nvidia; fi
folder=$user_home/faceswap-app

complete() {
    getent passwd "$FACESWAP_USER" >/dev/null &&
        as_user bash "$FACESWAP_HOME/setup/faceswap.sh" --check "$backend" "$folder" >/dev/null 2>&1
}
build() {
    as_user PIP_NO_CACHE_DIR=1 bash "$FACESWAP_HOME/setup/faceswap.sh" "$backend" "$folder" 9>&- ||
        fail "Faceswap could not be installed: do what the line above says and run this again; all labs but lab 8 work\
 without it, and lab 8 shows a recorded run."
}

ensure "Faceswap in $folder ($backend)" complete build
