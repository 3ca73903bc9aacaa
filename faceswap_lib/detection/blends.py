"""Self-blended images: a face laid over itself, a little changed (Shiohara & Yamasaki 2022).

What all face swaps share is that one picture is blended into another. So a detector can learn from recordings alone: of
each frame a copy is made that differs in colour, detail and place, and is laid back through a mask of random outline.
It has seen no deepfake, and no person's face gives the answer away.
"""

import cv2
import numpy as np

from faceswap_lib.face import geometry
from faceswap_lib.face.anatomy import OVAL, POINTS

TIMES = 3  # of each frame, another blend each time
SHARES = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)  # how opaque a blend is (the paper's)


def blend(frame: np.ndarray, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A frame, RGB uint8 (H, W, 3), with its face, points (478, 2), blended onto itself, a new array."""
    ruler, (height, width) = geometry.iris_distance(points), frame.shape[:2]
    low = np.floor(points.min(0) - ruler).astype(int).clip(0)
    high = np.ceil(points.max(0) + ruler).astype(int).clip(max=[width, height])
    view, out = np.s_[low[1] : high[1], low[0] : high[0]], frame.copy()
    face, here = frame[view].astype("f4") / 255, points - low
    mask = _outline(here, face.shape, ruler, rng)[..., None] * rng.choice(SHARES)
    mixed = face * (1 - mask) + _moved(_detail(_colour(face, rng), rng), ruler, rng) * mask
    out[view] = (mixed.clip(0, 1) * 255 + 0.5).astype("u1")
    return out


def _colour(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another light: a gain and a shift of each colour, and more or less contrast."""
    gain, shift = rng.uniform(0.9, 1.1, 3), rng.uniform(-0.06, 0.06, 3)
    middle = face.mean((0, 1))
    return ((face - middle) * gain * rng.uniform(0.85, 1.15) + middle * gain + shift).astype("f4").clip(0, 1)


def _detail(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Less fine detail, as after a smaller picture was enlarged, or more, as after sharpening."""
    if rng.random() < 0.3:
        return face + rng.uniform(0.3, 1.2) * (face - cv2.GaussianBlur(face, (0, 0), 1.0))
    size, small = face.shape[1::-1], rng.uniform(1.2, 3.5)
    less = cv2.resize(face, [max(4, round(side / small)) for side in size], interpolation=cv2.INTER_AREA)
    return cv2.resize(less, size, interpolation=cv2.INTER_CUBIC)


def _moved(face: np.ndarray, ruler: float, rng: np.random.Generator) -> np.ndarray:
    """A little to the side, larger or smaller."""
    (h, w), scale = face.shape[:2], rng.uniform(0.95, 1.05)
    shift = (1 - scale) * np.array([w, h]) / 2 + rng.uniform(-0.06, 0.06, 2) * ruler
    m = np.c_[np.eye(2) * scale, shift]
    return cv2.warpAffine(face, m, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _outline(points: np.ndarray, shape: tuple[int, ...], ruler: float, rng: np.random.Generator) -> np.ndarray:
    """A soft mask (H, W) of 0 to 1: the face's oval, or the hull of a part of it, larger or smaller by chance."""
    which = np.array(OVAL) if rng.random() < 0.7 else rng.choice(POINTS, 60, replace=False)
    middle = points[which].mean(0)
    loose = middle + (points[which] - middle) * rng.uniform(0.8, 1.05) + rng.normal(0, 0.04 * ruler, (len(which), 2))
    hull = cv2.convexHull(np.round(loose).astype("i4"))
    mask = cv2.fillConvexPoly(np.zeros(shape[:2], "f4"), hull, 1.0)
    return cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.03, 0.15) * ruler)
