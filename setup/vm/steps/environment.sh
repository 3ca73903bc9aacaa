#!/usr/bin/env bash
# The workshop's Python environment, made by the service user with setup/env.sh.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

complete() { getent passwd "$FACESWAP_USER" >/dev/null && as_user bash "$FACESWAP_HOME/setup/env.sh" --check; }

# No cache: pip holds a wheel of 600 MB in memory to cache it, which kills it on 1 GB. uv, where it is there, unpacks
# as many packages at once as it likes: two will do.
build() {
    as_user PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1 UV_CONCURRENT_INSTALLS=2 UV_CONCURRENT_DOWNLOADS=4 \
        bash "$FACESWAP_HOME/setup/env.sh" 9>&- ||
        fail "The Python environment could not be made: do what the line above says ($FACESWAP_HOME/.venv/install.log has\
 more) and run this again."
    if booted; then systemctl try-restart faceswap-jupyter.service; fi
}

ensure "Python environment in $FACESWAP_HOME/.venv" complete build
