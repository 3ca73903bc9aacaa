"""JupyterHub's settings for a class on one VM; the numbers come from hub.json, which setup/vm/hub.sh writes."""

import json
import logging
import os
import re
import sys
from pathlib import Path

settings = json.loads(Path(os.environ.get("FACESWAP_HUB_SETTINGS", "/etc/faceswap-workshop/hub.json")).read_text())
hub_bin = Path(sys.executable).parent

c = get_config()  # noqa: F821  (JupyterHub defines it)

# The door: this machine alone, by ssh -L. Nobody but the learners; none of them is an administrator.
c.JupyterHub.bind_url = f"http://127.0.0.1:{settings['port']}"
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.authenticator_class = "pam"
c.Authenticator.allowed_users = set(settings["learners"])
c.Authenticator.admin_users = set()
# No session of the machine's own: the learner's unit is the session.
c.PAMAuthenticator.open_sessions = False
# The usual proxy needs Node.js; this one is Python and does without TLS, which ssh brings. It does not write down what
# it was asked for: an address may hold a token.
QUIET = "import logging; logging.getLogger('tornado.access').disabled = True"
c.ConfigurableHTTPProxy.command = [
    sys.executable,
    "-c",
    f"{QUIET}; from configurable_http_proxy.cli import main; main()",
]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:8001"


def hide(record: logging.LogRecord) -> bool:
    """Let a line into the log without the token that somebody has put into an address, percent-encoded or not."""
    record.msg = re.sub(r"(token(=|%(25)*3D))[^&%\s\"')]+", r"\1[secret]", record.getMessage(), flags=re.I)
    record.args = ()
    return True


for name in ("JupyterHub", "tornado.access", "tornado.application", "tornado.general"):
    logging.getLogger(name).addFilter(hide)

# A learner's JupyterLab: a systemd unit with its own /tmp, its share of the machine and no way to root.
c.JupyterHub.spawner_class = "systemd"
c.Spawner.cmd = [str(hub_bin / "jupyterhub-singleuser")]
c.Spawner.default_url = "/lab/tree/notebooks/start.ipynb"
c.Spawner.ip = "127.0.0.1"
c.Spawner.notebook_dir = "~/workshop"  # notebooks/, and what a run makes in workdir/
c.Spawner.http_timeout = c.Spawner.start_timeout = 120
c.Spawner.mem_limit = f"{settings['memory_mb']}M"
c.Spawner.cpu_limit = settings["cores"]
c.Spawner.environment = {
    "SHELL": "/bin/bash",
    # What share = "class" on the start page means.
    "FACESWAP_CLASS": "/var/lib/faceswap-class",
    # One card for all: TensorFlow would take its whole memory for the first who comes.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    # It asks nobody for news, newer versions or extensions.
    "JUPYTER_CONFIG_PATH": str(Path(__file__).resolve().parents[1] / "jupyter"),
}
c.SystemdSpawner.unit_name_template = "faceswap-{USERNAME}"
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.disable_user_sudo = True
c.SystemdSpawner.default_shell = "/bin/bash"
c.SystemdSpawner.unit_extra_properties = {
    # A kernel that runs out of memory dies alone, and the rest of that learner's work stays.
    "OOMPolicy": "continue",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "full",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectControlGroups": "yes",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "UMask": "0077",
}

# An hour without a look or a running cell, and the learner's memory is free again; the files stay.
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600", "--cull-every=300"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    }
]
