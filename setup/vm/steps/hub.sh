#!/usr/bin/env bash
# JupyterHub instead of one JupyterLab: all of it is in setup/vm/hub.sh.
exec bash "$(dirname "${BASH_SOURCE[0]}")/../hub.sh"
