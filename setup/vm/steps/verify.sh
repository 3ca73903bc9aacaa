#!/usr/bin/env bash
# Knocks at the door: it must answer, on 127.0.0.1 alone, and let nobody in without the token. Changes nothing.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

address=http://127.0.0.1:$FACESWAP_PORT
unit=faceswap-jupyter.service path=/api/status
if ((FACESWAP_HUB > 0)); then unit=faceswap-hub.service path=/hub/api/users; fi

# The HTTP status of a page; further arguments go to curl. 000 where nothing answers.
answer() { curl --silent --output /dev/null --max-time 10 --write-out '%{http_code}' "${@:2}" "$address$1" || true; }

# JupyterLab takes a second to start on a large machine and most of a minute on a micro one; the hub's proxy is up before
# the hub, and says 404 or 503 until then.
wait_for_it() {
    local got patience=120
    until got=$(answer "$path") && [[ $got != 000 && $got != 404 && $got != 503 ]]; do
        ((patience-- > 0)) || fail "Nothing answers at $address ($got): sudo systemctl status $unit and journalctl -u $unit\
 say why."
        sleep 1
    done
    already "an answer at $address"
}

only_local() {
    local place
    while read -r place; do
        [[ $place == "127.0.0.1:$FACESWAP_PORT" ]] ||
            fail "Port $FACESWAP_PORT is open at $place as well: stop what listens there (sudo ss -ltnp), it is none of ours."
    done < <(ss -Hltn "sport = :$FACESWAP_PORT" | awk '{print $4}')
    already "port $FACESWAP_PORT on 127.0.0.1 alone"
}

locked() {
    local got
    got=$(answer "$path")
    [[ $got == 403 || $got == 302 ]] ||
        fail "$address$path answers $got to a stranger, not 403: sudo systemctl stop $unit, and look into its unit file."
    already "no entry without the key ($got)"
}

# By a file that only curl reads: on the command line every user of the machine could see it.
opens() {
    local token got
    token=$(sed -n 's/^JUPYTER_TOKEN=//p' "$settings/jupyter.env")
    got=$(answer "$path" --config <(printf 'header = "Authorization: token %s"\n' "$token"))
    [[ $got == 200 ]] || fail "$address$path answers $got to the token: sudo systemctl restart $unit and run this again."
    already "entry with the token"
}

if ! booted; then
    skipped "nothing to knock at: systemd does not run this machine (container or chroot)"
    exit 0
fi
if [[ -n $FACESWAP_DRY_RUN ]]; then
    skipped "in a dry run nothing may be running yet"
    exit 0
fi
wait_for_it
only_local
locked
if ((FACESWAP_HUB == 0)); then opens; fi
