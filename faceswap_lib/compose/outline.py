"""A new face has an outline of its own: what is around the old one moves, so that its cheeks and jaw fit.

Without it a narrow face ends inside a broad one: between its cheeks and the hair stays a strip of the skin of who was
there, and people, and their likenesses, are told by their outline as well.
"""

import cv2
import numpy as np

from faceswap_lib.face.anatomy import OVAL
from faceswap_lib.face.geometry import eye_distance
from faceswap_lib.face.mesh import Crop, Mesh

SHARE = 0.75  # of the way from the old outline to the new one; landmarks of an outline are not sure to the pixel
REACH = 0.35  # eye distances around the outline, where nothing moves any more
CALM = 0.15  # eye distances: the Gaussian over the outline's points
TURNED = (8.0, 30.0)  # degrees to the side from which on it moves less, and not at all: it is nose and ear then
GRID = 24  # to an eye distance: how finely the way is worked out
LEAST = 0.2  # pixels: what moves less stays


def fitted(
    picture: np.ndarray, solid: np.ndarray, target: np.ndarray, yaw: float, free: np.ndarray | float = 1.0
) -> np.ndarray:
    """A frame (H, W, 3) with the outline of the face at `solid` moved towards that of `target`, both (478, ≥ 2) pixels.

    yaw: how far the head is turned, degrees; free: what `free` gives. The picture moves across the outline alone
    (along it there is nothing to see) and less and less away from it. Gives the frame itself where hardly anything
    moves.
    """
    ruler = eye_distance(solid[:, :2])
    share = SHARE * np.interp(yaw, TURNED, (1, 0)) * np.reshape(free, (-1, 1))
    there, way = target[OVAL, :2], share * across(solid[OVAL, :2], target[OVAL, :2])
    if np.abs(way).max() < LEAST:
        return picture
    reach, (height, width) = REACH * ruler, picture.shape[:2]
    low = np.maximum(0, np.floor(there.min(0) - reach)).astype(int)
    high = np.minimum((width, height), np.ceil(there.max(0) + reach)).astype(int)
    if (high - low).min() < 2:
        return picture
    whole = np.mgrid[low[1] : high[1], low[0] : high[0]][::-1].astype("f4")
    few = np.maximum(2, (high - low) * GRID // max(1, round(ruler)))
    field = cv2.resize(_field(*np.linspace(low, high - 1, 2), few, there, way, ruler), tuple((high - low).tolist()))
    out, at = picture.copy(), [np.ascontiguousarray(whole[k] - field[..., k]) for k in (0, 1)]
    moved = cv2.remap(picture, *at, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    out[low[1] : high[1], low[0] : high[0]] = moved
    return out


def free(hidden: np.ndarray | float, on: Mesh | Crop) -> np.ndarray | float:
    """Where the outline may move, 1 to 0 for each of its points: not where a hand or hair in front would be bent.

    hidden: what is in front of the new face on its canvas, (S, S) 0..1, or 0 for nothing.
    """
    if not np.any(hidden):
        return 1.0
    points = on.points[OVAL]
    wide = 2 * round(2 * CALM * eye_distance(on.points)) + 1
    near = cv2.dilate(np.float32(hidden), np.ones((wide, wide)))
    x, y = np.clip(np.round(points), 0, on.size - 1).astype(int).T
    return 1 - near[y, x]


def across(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The way from one closed outline (K, 2) to another, straight across it, each point as its neighbours."""
    along = np.roll(there, -1, 0) - np.roll(there, 1, 0)
    out = along[:, ::-1] * [1, -1] / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
    way = ((there - here) * out).sum(1, keepdims=True) * out
    return way / 2 + (np.roll(way, 1, 0) + np.roll(way, -1, 0)) / 4


def _field(
    low: np.ndarray, high: np.ndarray, few: np.ndarray, there: np.ndarray, way: np.ndarray, ruler: float
) -> np.ndarray:
    """How far each of `few` × `few` places between two corners moves, float32 (…, …, 2) pixels."""
    x, y = (np.linspace(low[k], high[k], few[k]) for k in (0, 1))
    squared = ((x[:, None] - there[:, 0]) ** 2)[None] + ((y[:, None] - there[:, 1]) ** 2)[:, None]
    near = np.exp(squared * (-0.5 / (CALM * ruler) ** 2)) + 1e-9
    field = near @ way / near.sum(2, keepdims=True)
    far = np.sqrt(squared.min(2)) / ruler
    return (field * np.clip(1 - far / REACH, 0, 1)[..., None]).astype("f4")
