"""Where the Jupyter server that this notebook runs in shows a file, so that a page can link to what a run has made."""

import json
import os
import sys
from pathlib import Path
from urllib.parse import quote


def address(path: str | Path) -> str:
    """The address of a file on the page's own server, e.g. "/files/workdir/report.html"; "" where it shows it nowhere.

    Pages open there as a browser opens them, scripts and all, fenced in by the server (its header has them sandboxed).
    """
    server = _server()
    if not server:
        return ""
    root, path = Path(server["root_dir"]).resolve(), Path(path).resolve()
    hidden = any(part.startswith(".") for part in path.parts[len(root.parts) :])
    if not path.is_relative_to(root) or hidden:
        return ""
    return f"{server['base_url'].rstrip('/')}/files/{quote(path.relative_to(root).as_posix())}"


def _server() -> dict | None:
    """What the server that started this kernel has written down of itself; None without one."""
    number = os.environ.get("JPY_PARENT_PID", "")
    if "ipykernel" not in sys.modules or not number.isdigit():
        return None
    from jupyter_core.paths import jupyter_runtime_dir

    try:
        found = json.loads((Path(jupyter_runtime_dir()) / f"jpserver-{number}.json").read_text(encoding="utf-8"))
        return {"root_dir": str(found["root_dir"]), "base_url": str(found["base_url"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None
