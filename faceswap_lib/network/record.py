"""What a model folder says of itself: model.json, read without Keras, so that faults come before the wait."""

import json
import os
import platform
import shutil
from functools import lru_cache
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, __version__, profiles
from faceswap_lib.face import anatomy
from faceswap_lib.media import video
from faceswap_lib.network.batches import Side
from faceswap_lib.network.pretrained import SCRATCH
from faceswap_lib.profiles import Profile


def about(
    size: Profile, alignment: str, seed: int, gan: bool, sets: dict, sides: dict[str, Side], base: Path | None = None
) -> dict:
    """What model.json says before training: settings, both shapes, fingerprints of the data, versions, machine."""
    import keras

    return {
        "profile": size.name,
        "alignment": alignment,
        "gan": gan,
        "seed": seed,
        "start": base.stem if base else SCRATCH,
        "mesh": mesh(),
        "shapes": {s: np.round(side.shape, 5).tolist() for s, side in sides.items()},
        "data": {
            s: {"video": f.source.name, "sha256": f.source.sha256, "faces": len(sides[s].targets)}
            for s, f in sets.items()
        },
        "versions": {
            "faceswap_lib": __version__,
            "keras": keras.__version__,
            "backend": keras.backend.backend(),
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
        "machine": {"system": platform.platform(), "cores": os.cpu_count()},
    }


@lru_cache(maxsize=1)
def mesh() -> str:
    """Which canonical mesh textures are laid out on: a network that has learned on another one draws beside this."""
    return video.sha256(anatomy.PATH)[:12]


def check_resume(folder: Path, profile: str, alignment: str) -> None:
    """Raise UserError when the model there was trained with another profile or alignment."""
    found = read_about(folder)
    for word, mine in (("profile", profile), ("alignment", alignment)):
        if found[word] != mine:
            raise UserError(
                f"The model in {folder} was trained with {word} '{found[word]}', not '{mine}'; "
                f"resume it with {word} '{found[word]}' or train a new one in another folder."
            )


def read_about(folder: str | Path) -> dict:
    """What a model folder says of itself (model.json); UserError: none there, damaged, too old."""
    path = Path(folder) / "model.json"
    if not path.is_file() or not path.with_name("model.weights.h5").is_file():
        raise UserError(f"{folder} holds no trained model; train one with `train FACES_A FACES_B --model {folder}`.")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        profiles.get(found["profile"])
        if found["alignment"] not in ("mesh", "similarity") or not isinstance(found["history"], list):
            raise ValueError("alignment or history")
        if any(np.shape(found["shapes"][side]) != (478, 3) for side in "ab"):
            raise ValueError("shapes")
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged; train again, or put the folder back from a copy.") from error
    if found["alignment"] == "mesh" and found.get("mesh") != mesh():
        raise UserError(f"The model in {folder} has learned on another version of the canonical mesh; train it again.")
    return found


def move_aside(folder: Path) -> None:
    """Make room for a new model: one that is there becomes `FOLDER-before`, and takes the place of an older one."""
    if folder.is_file():
        raise UserError(f"{folder} is a file; give a folder for the model.")
    if (folder / "model.json").exists():
        before = folder.with_name(folder.name + "-before")
        if before.exists():
            shutil.rmtree(before)
        folder.rename(before)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made ({error.strerror}); choose another folder for the model.") from error
