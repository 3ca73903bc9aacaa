#!/usr/bin/env bash
# A learner's pod begins: their copy of the notebooks is brought up to date, then JupyterHub's server starts in it.
set -euo pipefail

kit=${FACESWAP_KIT:-/opt/faceswap-workshop}
mkdir -p "$HOME/workshop/workdir"
# A full volume must not lock a learner out of the files that fill it.
"${FACESWAP_PYTHON:-python3}" "$kit/setup/workbook.py" "$kit/notebooks" "$HOME/workshop/notebooks" ||
    echo "The notebooks could not be brought up to date; the lines above say why." >&2
cd "$HOME/workshop"
exec jupyterhub-singleuser --ServerApp.root_dir="$HOME/workshop" "$@"
