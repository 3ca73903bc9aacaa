"""A faceset's faces.json changed as plain data and put back as the kit would have written it, checksum and all."""

import json
from collections.abc import Callable
from pathlib import Path

from faceswap_lib.face import records


def faces(folder: Path, change: Callable[[dict], object]) -> None:
    """Let `change` alter what a folder's faces.json says."""
    path = folder / "faces.json"
    raw = json.loads(path.read_text())
    change(raw)
    path.write_bytes(b"".join(records.lines(raw, (json.dumps(face).encode() for face in raw["faces"]))))
