#!/usr/bin/env bash
# JupyterLab as a systemd service, started at boot.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

name=faceswap-jupyter.service what=JupyterLab
other=faceswap-hub.service

ensure "the unit $units/$name" unit_there put_unit
ensure "the hub of a class off" other_off stop_other
ensure "JupyterLab started at boot" enabled enable
if booted; then
    ensure "JupyterLab running" active start
else
    skipped "starting JupyterLab: systemd does not run this machine (container or chroot)"
fi
