#!/usr/bin/env bash
# JupyterLab as a systemd service, started at boot.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

name=faceswap-jupyter.service
other=faceswap-hub.service
file=$units/$name

unit_there() { same_file "$name" "$file" 644; }
put_unit() {
    put_file "$name" "$file" 644
    if command -v systemd-analyze >/dev/null; then
        systemd-analyze verify "$file" || fail "systemd refuses $file: send the lines above to the maintainers."
    fi
    if booted; then
        systemctl daemon-reload
        systemctl try-restart "$name"
    fi
}

enabled() { systemctl is-enabled --quiet "$name" 2>/dev/null; }
enable() { systemctl enable --quiet "$name"; }

active() { systemctl is-active --quiet "$name"; }
start() { systemctl start "$name" || fail "JupyterLab did not start: journalctl -u $name has its words."; }

ensure "the unit $file" unit_there put_unit
ensure "the hub of a class off" other_off stop_other
ensure "JupyterLab started at boot" enabled enable
if booted; then
    ensure "JupyterLab running" active start
else
    skipped "starting JupyterLab: systemd does not run this machine (container or chroot)"
fi
