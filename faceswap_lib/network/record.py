"""What a model says of itself: its record, read without Keras, so that faults come before the wait."""

import os
import platform
from functools import lru_cache
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, __version__, strangers
from faceswap_lib.face import anatomy, identity
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.media import video
from faceswap_lib.network import claims, saved
from faceswap_lib.network.batches import Side
from faceswap_lib.profiles import Profile
from faceswap_lib.progress import note

SAME = ("profile", "alignment", "gan", "seed", "start", "mesh", "data")  # what makes a training this one and no other


def about(
    size: Profile, alignment: str, seed: int, gan: bool, sets: dict, sides: dict[str, Side], start: str = "mean"
) -> dict:
    """What model.json says before training: settings, shapes and likeness of both, the data, versions, machine."""
    import keras

    likeness = {s: identity.likeness(found) for s, found in sets.items()}
    return {
        "profile": size.name,
        "alignment": alignment,
        "gan": gan,
        "seed": seed,
        "start": start,
        "played": [],
        "mesh": mesh(),
        "shapes": {s: np.round(side.shape, 5).tolist() for s, side in sides.items()},
        "data": {s: data | {"faces": len(sides[s].targets)} for s, data in data_of(sets).items()},
        "likeness": likeness,
        "advice": _advice(likeness),
        "versions": {
            "faceswap_lib": __version__,
            "keras": keras.__version__,
            "backend": keras.backend.backend(),
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
        "machine": {"system": platform.platform(), "cores": os.cpu_count()},
    }


def _advice(likeness: dict[str, list[float]]) -> str:
    """Says, and returns, that A and B look like one person; "" where they do not."""
    a, b = likeness["a"], likeness["b"]
    if not identity.alike(a, b):
        return ""
    sentence = (
        f"A and B look like the same person ({identity.apart(a, b):.2f} apart; two people are above "
        f"{identity.SAME_PERSON}), so a swap will show little; unless you mean it so, look at both contact sheets."
    )
    note(sentence)
    return sentence


@lru_cache(maxsize=1)
def mesh() -> str:
    """Which canonical mesh textures are laid out on: a network that has learned on another one draws beside this."""
    return video.sha256(anatomy.PATH)[:12]


def check_resume(folder: Path, **settings: object) -> None:
    """Raise UserError when the model there was trained with another profile, alignment or seed than these settings."""
    found = read_about(folder)
    for word, mine in settings.items():
        if found[word] != mine:
            raise UserError(
                f"The model in {folder} was trained with {word} {found[word]!r}, not {mine!r}; "
                f"resume it with {word} {found[word]!r} or train a new one in another folder."
            )


def check_people(folder: Path, sets: dict[str, Faceset]) -> None:
    """Raise UserError when the model there was trained on other people's facesets, or on these the other way round."""
    found = read_about(folder)["data"]
    was, now = [found[s]["sha256"] for s in "ab"], [sets[s].source.sha256 for s in "ab"]
    told = [f"{s.upper()}'s {words}" for s in "ab" if (words := _apart(found[s], sets[s]))]
    if was == now[::-1] != now:
        told = ["these two people the other way round"]
    if told:
        raise UserError(
            f"The model in {folder} was trained with {' and '.join(told)}; resume it with the facesets it was "
            "trained on, or train a new one in another folder."
        )


def _apart(found: dict, mine: Faceset) -> str:
    """How the faces that a model was trained on differ from a faceset; "" where they do not, as far as is known."""
    if found["sha256"] != mine.source.sha256:
        return f"faces from {found['video']}, not {mine.source.name}"
    if found["fingerprint"] != mine.fingerprint:
        return f"other faces than {mine.folder} holds now"
    return ""


def data_of(sets: dict[str, Faceset]) -> dict[str, dict]:
    """Side -> what tells its faces from others: the video's name and SHA-256, and the faceset's fingerprint."""
    return {
        s: {"video": f.source.name, "sha256": f.source.sha256, "fingerprint": f.fingerprint} for s, f in sets.items()
    }


def read_about(folder: str | Path) -> dict:
    """What a model folder says of itself; UserError: none there, damaged, too old."""
    found, _ = saved.newest(folder)
    try:
        claims.check(found, Path(folder))
    except (OSError, ValueError) as error:
        why = strangers.why(error)
        raise UserError(
            f"The model in {folder} is damaged ({why}); put it back from a copy, or train again."
        ) from error
    if found["alignment"] == "mesh" and found.get("mesh") != mesh():
        raise UserError(f"The model in {folder} has learned on another version of the canonical mesh; train it again.")
    return found


def begun(folder: Path, mine: dict, ended: bool = False) -> bool:
    """Whether a folder holds a training that was to be as this one (`about`) and was cut off; ended: or was not."""
    try:
        found = read_about(folder)
    except UserError:
        return False
    return (ended or not found.get("stopped")) and all(found.get(key) == mine[key] for key in SAME)
