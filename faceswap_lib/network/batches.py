"""What the network eats: a faceset as arrays. No TensorFlow here, only numpy and OpenCV; `augment` makes it harder."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from faceswap_lib import UserError
from faceswap_lib.face import motion
from faceswap_lib.face.faceset import Faceset, evenly
from faceswap_lib.face.geometry import transform
from faceswap_lib.face.mesh import Crop, Mesh

HELD_OUT = 0.1  # the last tenth of the time; random frames would have their neighbours in the training
FLOOR = 0.05  # of full brightness, so that the logarithm of black stays small


@dataclass(eq=False)
class Side:
    """One person's faces for training: N faces, S pixels.

    targets uint8 (N, S, S, 3), weights float16 (N, S, S, 1), motions float16 (N, S/2, S/2, 4), mean float32 (S, S, 3)
    in [0, 1], shape (478, 3); the faces from `cut` on are held out.
    """

    targets: np.ndarray
    weights: np.ndarray
    motions: np.ndarray
    mean: np.ndarray
    shape: np.ndarray
    cut: int
    warps: bool  # mesh textures need only the small warp; similarity crops also rotation, zoom and shift

    @cached_property
    def own(self) -> np.ndarray:
        """The logarithm of the mean at half size, float32 (S/2, S/2, 3): what `ratio` compares with."""
        return _logarithm(np.round(self.mean[None] * 255))[0]


def other(side: str) -> str:
    """The side that "a" or "b" is swapped with."""
    return {"a": "b", "b": "a"}[side]


def load_side(faces: Faceset, on: Mesh | Crop, most: int) -> Side:
    """A faceset laid out on a canvas, at most `most` faces evenly over time; UserError for fewer than 8 faces."""
    usable = faces.usable
    if len(usable) < 8:
        raise UserError(f"{faces.folder} has {len(usable)} face pictures to train on, too few; it takes at least 8.")
    pick = usable[evenly(most, len(usable))]
    solid = motion.smoothed(faces, pick)
    person = motion.person(solid, motion.shape(faces))
    targets, weights = [], []
    for i, picture, points in zip(pick, faces.images(pick), solid, strict=True):
        targets.append(on.texture(picture, transform(faces.transform(i), points[:, :2])))
        weights.append(on.visibility(points) * on.importance)
    motions = np.stack([on.motion_picture(one) for one in person.motion]).astype("f2")
    weights = np.stack(weights).astype("f2")[..., None]
    cut = max(4, round(len(pick) * (1 - HELD_OUT)))
    mean = _mean(targets[:cut], weights[:cut])
    return Side(np.stack(targets), weights, motions, mean, person.mean, cut, isinstance(on, Mesh))


def _mean(targets: list[np.ndarray], weights: np.ndarray) -> np.ndarray:
    # weighted by what each frame sees: at strong yaw the hidden cheek's texture is smeared background
    total, seen = np.zeros(targets[0].shape), np.full(weights[0].shape, 1e-3)
    for texture, weight in zip(targets, weights.astype("f4"), strict=True):
        total, seen = total + weight * texture, seen + weight
    plain = np.mean(targets, 0)
    return ((total + 1e-3 * plain) / seen / 255).astype("f4")


def halve(pictures: np.ndarray) -> np.ndarray:
    """Pictures (N, S, S, 3) at half size, each pixel the mean of four; float32."""
    p = pictures.astype("f4")
    return (p[:, ::2, ::2] + p[:, 1::2, ::2] + p[:, ::2, 1::2] + p[:, 1::2, 1::2]) / 4


def ratio(pictures: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """How pictures uint8 (N, S, S, 3) differ from their person's mean (S, S, 3) in [0, 1]: float32 (N, S/2, S/2, 3).

    The logarithm of the quotient, at half size, 0 where nothing differs: like motion, it says what a face does and not
    whose it is, so that the encoder meets no stranger when A's face is to be drawn as B.
    """
    return (_logarithm(pictures) - _logarithm(np.round(mean[None] * 255))).clip(-2, 2)


def _logarithm(pictures: np.ndarray) -> np.ndarray:
    return np.log(halve(pictures) / 255 + FLOOR)


def plain(side: Side, indices: np.ndarray, names: str) -> dict[str, np.ndarray]:
    """These faces as they are: picture at half size, motion, target and weight, float32."""
    target = side.targets[indices]
    return {
        f"picture_{names}": ratio(target, side.mean),
        f"motion_{names}": side.motions[indices].astype("f4"),
        f"target_{names}": target.astype("f4") / 255,
        f"weight_{names}": side.weights[indices].astype("f4"),
    }


def held_out(sides: dict[str, Side], count: int) -> dict[str, np.ndarray]:
    """So many of each side's held-out faces, evenly over time, as `plain`; some twice where there are fewer."""
    batch = {}
    for name, side in sides.items():
        i = np.linspace(side.cut, len(side.targets) - 1, count).astype(int).clip(0, len(side.targets) - 1)
        batch |= plain(side, i, name)
    return batch
