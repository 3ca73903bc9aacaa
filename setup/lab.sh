#!/usr/bin/env bash
# JupyterLab with the workshop's notebooks, for this machine only.
set -euo pipefail

usage="Usage: bash setup/lab.sh [JUPYTERLAB OPTION...]

Installs what is needed into .venv (once), then starts JupyterLab on 127.0.0.1, at the start page. Open the address it
prints: the token in it is the key. On a machine far away, forward the port first: ssh -L 8888:127.0.0.1:8888 HOST

You work in workbook/, your own copy of notebooks/: a newer kit replaces what you have not edited and nothing else.

Options go to JupyterLab, for example: --no-browser, --port 8890. Stop it with Ctrl-C, twice."

case ${1:-} in -h | --help) echo "$usage"; exit 0 ;; esac
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$root/setup/env.sh"
# It asks nobody for news, newer versions or extensions.
export JUPYTER_CONFIG_PATH="$root/setup/jupyter${JUPYTER_CONFIG_PATH:+:$JUPYTER_CONFIG_PATH}"
"$root/.venv/bin/python" "$root/setup/workbook.py" "$root/notebooks" "$root/workbook"
# All of the clone can be seen: what a run makes lies in workdir/, and each lab's code in faceswap_lib/.
exec "$root/.venv/bin/python" -m jupyterlab --ServerApp.ip=127.0.0.1 --ServerApp.root_dir="$root" \
    --LabApp.default_url=/lab/tree/workbook/start.ipynb "$@"
