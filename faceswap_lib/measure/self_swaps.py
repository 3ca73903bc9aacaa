"""A person swapped with themselves, measured in the canonical picture: how wrong, where, and what shines through.

Real footage has no ideal swap, but for one case: of a clip cut in two, one half put on the other, the ideal is the half
that was changed, as it was. What a swap can reach there is between two others: B's mean texture, for which nothing was
trained, and the limit, A's own texture through the same mesh and shape.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib.compose.scenes import Drawer, Scene
from faceswap_lib.face.mesh import Mesh
from faceswap_lib.media import video

REGIONS = ("face", "eyes", "mouth", "skin")
AROUND = 8 / 128  # of the picture: so far around eyes and mouth is theirs: lids, the fold above, the lips' corners
DETAIL = 2 / 128  # of the picture: what is finer is detail; light is coarser
LEAST = 0.2  # grey levels between B's mean and the limit, from which on a share of the way says something


def limit() -> Drawer:
    """A's own texture: what mesh and shape let through, whatever is trained."""
    return lambda textures, moves, indices: (textures / 255).astype("f4")


def regions(on: Mesh) -> dict[str, np.ndarray]:
    """The face and its parts in the canonical picture, bool (S, S) each, in the order of REGIONS."""
    wide = np.ones([2 * round(AROUND * on.size) + 1] * 2, "u1")
    face = on.inside > 0.5
    eyes, mouth = (cv2.dilate(part, wide) > 0.5 for part in (np.maximum(*on.parts[:2]), on.parts[2]))
    return {"face": face, "eyes": eyes & face, "mouth": mouth & face & ~eyes, "skin": face & ~eyes & ~mouth}


def errors(clips: Mapping[str, str | Path], at: Scene, every: int = 4) -> dict[str, np.ndarray]:
    """How far clips of a scene's performance are from its source, canonical point by point: grey levels, (S, S) each.

    clips: label -> video, the source itself under "source"; every n-th frame that shows the face counts.
    """
    off, count = {label: np.zeros((at.on.size, at.on.size)) for label in clips if label != "source"}, 0
    for textures in _textures(clips, at, every):
        count += 1
        for label, total in off.items():
            total += np.abs(textures[label] - textures["source"]).mean(2)
    return {label: (total / max(count, 1)).astype("f4") for label, total in off.items()}


def _textures(clips: Mapping[str, str | Path], at: Scene, every: int) -> Iterator[dict[str, np.ndarray]]:
    """The textures of each n-th frame's face in all clips, where the source has it: label -> (S, S, 3)."""
    for index, frames in enumerate(zip(*map(video.frames, clips.values()), strict=True)):
        if index % every == 0 and index in at.at:
            where = at.solid[at.at[index]][:, :2]
            yield {k: at.on.texture(p, where).astype("f4") for k, p in zip(clips, frames, strict=True)}


def table(off: Mapping[str, np.ndarray], on: Mesh, mean: str, swap: str, best: str) -> list[dict]:
    """The errors of three clips, by region, and how far the swap has gone from the mean to the best: a row each.

    gone: 0 no nearer than the mean, 1 as near as the best, below 0 further off; None where the two are hardly apart.
    """
    rows = []
    for name, area in regions(on).items():
        row = {label: float(off[label][area].mean()) for label in (mean, swap, best)}
        room = row[mean] - row[best]
        rows.append({"region": name, **row, "gone": (row[mean] - row[swap]) / room if room > LEAST else None})
    return rows


def sentence(rows: Sequence[dict], mean: str, swap: str, best: str) -> str:
    """What a table says: how far the face has gone from the mean to the limit, and what is missing."""
    by = {row["region"]: row for row in rows}
    missing = max(REGIONS[1:], key=lambda name: by[name][swap] - by[name][best])
    gone, verb = by["face"]["gone"], "are" if missing == "eyes" else "is"
    if gone is None:
        return f"{mean} is as near to the source as {best} lets through: this clip leaves training nothing to win."
    lack = f"what is missing most {verb} the {missing}."
    if gone <= 0:
        return f"This clip's swap is no nearer to the source than {mean}, which took no training; {lack}"
    return f"This clip reaches {gone:.0%} of the way from {mean} to {best}; {lack}"


def shining(
    made: Sequence[np.ndarray],
    own: Sequence[np.ndarray],
    ideal: Sequence[np.ndarray],
    bare: Sequence[np.ndarray],
    on: Mesh,
) -> np.ndarray:
    """How much of A's own detail is in each swap's skin, and how much of the ideal's: (N, 2).

    Textures (S, S, 3) in 0..255 of N frames of the swap, of A before it, of the ideal swap, and of B's mean laid there
    as it is. Detail is what is finer than DETAIL, less that of the mean: noses and lips lie in one place in all
    faces, so that a mean that has never seen A shares half of A's detail. The swap's is told as a sum of the other two
    (least squares): A itself gives (1, 0), the ideal (0, 1), the mean (0, 0).
    """
    area = cv2.erode(regions(on)["skin"].astype("u1"), np.ones((3, 3), "u1"), iterations=round(on.size / 32)) > 0
    shares = []
    for each in zip(made, own, ideal, bare, strict=True):
        *three, mean = (_detail(texture, on.size)[area].ravel() for texture in each)
        swap, a, b = (detail - mean for detail in three)
        shares.append(np.linalg.lstsq(np.c_[a, b], swap, rcond=None)[0])
    return np.array(shares)


def _detail(texture: np.ndarray, size: int) -> np.ndarray:
    picture = np.log(texture.astype("f4") + 8)  # so that a shadow's detail counts as a light's does
    return picture - cv2.GaussianBlur(picture, (0, 0), DETAIL * size)
