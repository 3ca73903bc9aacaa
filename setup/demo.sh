#!/usr/bin/env bash
# The whole workshop, headless, on the built-in clips.
set -euo pipefail

usage="Usage: bash setup/demo.sh [OPTION...]

Installs what is needed into .venv (once), then runs every notebook with the profile demo and writes everything to
workdir/: the swapped video, the report, the executed notebooks. About a quarter of an hour on 2 cores, no GPU.

Options go to the workshop, for example:
  --video-a A.mp4 --video-b B.mp4 --consent C.json
                                    your own two people instead of the built-in clips (README.md: how to make C.json)
  --workdir DIR                     another folder for the results
  --profile smoke                   another size of run
All of them: .venv/bin/python -m faceswap_lib workshop --help"

case ${1:-} in -h | --help) echo "$usage"; exit 0 ;; esac
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$root/setup/env.sh"
exec "$root/.venv/bin/python" -m faceswap_lib workshop --profile demo --workdir "$root/workdir" "$@"
