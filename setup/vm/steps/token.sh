#!/usr/bin/env bash
# JupyterLab's token, made once, and the command faceswap-token that prints the address with it.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

file=$settings/jupyter.env
command=$FACESWAP_ROOT/usr/local/bin/faceswap-token

token_there() { [[ -f $file && $(stat -c %a "$file") == 600 ]] && grep -qE '^JUPYTER_TOKEN=[0-9a-f]{48}$' "$file"; }
# A token that is there is kept: learners have its address in their notes.
make_token() {
    mkdir -p "$settings"
    (
        umask 077
        grep -shE '^JUPYTER_TOKEN=[0-9a-f]{48}$' "$file" >"$file.new" ||
            printf 'JUPYTER_TOKEN=%s\n' "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" >"$file.new"
    )
    mv "$file.new" "$file"
}

command_there() { same_file faceswap-token "$command" 755; }
put_command() { put_file faceswap-token "$command" 755; }

ensure "a token in $file, for root alone" token_there make_token
ensure "the command faceswap-token" command_there put_command
