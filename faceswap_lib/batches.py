"""What the network eats: a faceset as arrays, and augmented batches of it. No TensorFlow here, only numpy and OpenCV.

Every array of a batch is made for all its faces at once, so that a step never waits for Python.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from faceswap_lib import UserError, motion
from faceswap_lib.faces import transform
from faceswap_lib.faceset import Faceset
from faceswap_lib.mesh import Crop, Mesh

HELD_OUT = 0.1  # the last tenth of the time; random frames would have their neighbours in the training
WARP = 0.02  # standard deviation of the random warp, share of the picture
FLOOR = 0.05  # of full brightness, so that the logarithm of black stays small
LIGHT = 0.25  # standard deviation of the random smooth light, natural logarithm: B's decoder must cope with A's light


@dataclass
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


def load_side(faces: Faceset, on: Mesh | Crop, most: int) -> Side:
    """A faceset laid out on a canvas, at most `most` faces evenly over time; UserError for fewer than 8 faces."""
    usable = faces.usable
    if len(usable) < 8:
        raise UserError(f"{faces.folder} has {len(usable)} face pictures to train on, too few; it takes at least 8.")
    pick = usable[np.unique(np.linspace(0, len(usable) - 1, min(most, len(usable))).astype(int))]
    solid = motion.smooth(faces.solid, faces.frames)
    person = motion.person(solid)
    targets, weights = [], []
    for i, picture in zip(pick, faces.images(pick), strict=True):
        flat = transform(faces.transform(i), solid[i][:, :2])
        targets.append(on.texture(picture, flat))
        weights.append(on.visibility(solid[i]) * on.importance)
    motions = np.stack([on.motion_picture(person.motion[i]) for i in pick]).astype("f2")
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
    own = np.log(halve(np.round(mean[None] * 255)) / 255 + FLOOR)
    return (np.log(halve(pictures) / 255 + FLOOR) - own).clip(-2, 2)


def draw(side: Side, count: int, random: np.random.Generator, names: str, light: bool = True) -> dict[str, np.ndarray]:
    """An augmented batch of one side, keys with its name ("a" or "b"), as `FaceSwap` takes it; light: by light too."""
    i = random.integers(0, side.cut, count)
    batch = plain(side, i, names)
    warped = _warp(batch[f"picture_{names}"], random, side.warps)
    batch[f"picture_{names}"] = _light(warped, random) if light else warped
    return batch


def plain(side: Side, indices: np.ndarray, names: str) -> dict[str, np.ndarray]:
    """These faces as they are: picture at half size, motion, target and weight, float32."""
    target = side.targets[indices]
    return {
        f"picture_{names}": ratio(target, side.mean),
        f"motion_{names}": side.motions[indices].astype("f4"),
        f"target_{names}": target.astype("f4") / 255,
        f"weight_{names}": side.weights[indices].astype("f4"),
    }


def _warp(pictures: np.ndarray, random: np.random.Generator, small: bool) -> np.ndarray:
    """Each picture bent by a smooth random field, all in one remap of the pictures stacked on one another."""
    n, size = pictures.shape[:2]
    field = _smooth_noise(random, (n, 6, 6, 2), size) * WARP * size
    y, x = np.mgrid[0:size, 0:size].astype("f4")
    where = np.stack([x, y], -1)[None] + field
    if not small:
        where = where + _turn(np.stack([x, y], -1) - size / 2, n, size, random)
    where = where.clip(0, size - 1)
    where[..., 1] += (np.arange(n) * size)[:, None, None]
    stack, flat = pictures.reshape(n * size, size, 3), where.reshape(n * size, size, 2).astype("f4")
    return cv2.remap(stack, flat[..., 0], flat[..., 1], cv2.INTER_LINEAR).reshape(pictures.shape)


def _turn(centred: np.ndarray, n: int, size: int, random: np.random.Generator) -> np.ndarray:
    """Rotation ±10°, zoom ±5 %, shift ±5 %, as offsets (N, size, size, 2): the peers' defaults."""
    angle, zoom = random.uniform(-0.17, 0.17, n), random.uniform(0.95, 1.05, n)
    m = np.stack([np.stack([np.cos(angle), -np.sin(angle)], -1), np.stack([np.sin(angle), np.cos(angle)], -1)], 1)
    m = m * zoom[:, None, None] - np.eye(2)
    return np.einsum("hwc,ndc->nhwd", centred, m) + random.uniform(-0.05, 0.05, (n, 1, 1, 2)) * size


def _light(pictures: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Brightness, colour and a smooth random light: factors on the face, so sums in the logarithm."""
    n, size = pictures.shape[:2]
    colour = 0.08 * random.standard_normal((n, 1, 1, 3)).clip(-2, 2)
    bright = 0.2 * random.standard_normal((n, 1, 1, 1)).clip(-1.5, 1.5)
    field = LIGHT * _smooth_noise(random, (n, 3, 3, 1), size)
    return (pictures + colour + bright + field).astype("f4")


def _smooth_noise(random: np.random.Generator, shape: tuple[int, int, int, int], size: int) -> np.ndarray:
    """Normal noise on a coarse grid (N, h, w, C), enlarged smoothly to (N, size, size, C) by two matrix products."""
    coarse = random.standard_normal(shape).astype("f4")
    eye = np.eye(shape[1], dtype="f4")
    spread = cv2.resize(eye, (shape[1], size), interpolation=cv2.INTER_CUBIC)
    return np.einsum("yi,nijc,xj->nyxc", spread, coarse, spread, optimize=True)
