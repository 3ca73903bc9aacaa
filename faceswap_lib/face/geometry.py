"""Points and boxes: how a face lies in a frame, how two sets of points are laid on one another, what is cut out.

Points are float pixels of the upright frame, x right, y down; depth is in the unit of x, smaller is nearer.
"""

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np

from faceswap_lib.face.anatomy import ANCHOR, IRISES, OVAL, POINTS, canonical

COVERAGE = 1.5  # an aligned crop is this many canonical faces high: the ring around the face stays inside
KEEP = ANCHOR + OVAL  # what an alignment lays on one another
AROUND = 1.5  # a close-up is this many faces wide


def iris_distance(landmarks: np.ndarray) -> float:
    """Pixels between the centres of both irises; landmarks (478, 2)."""
    return float(np.linalg.norm(np.subtract(*(landmarks[iris].mean(0) for iris in IRISES))))


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes x y w h."""
    size = np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - np.maximum(a[:2], b[:2])
    both = size.clip(0).prod()
    return float(both / (a[2:].prod() + b[2:].prod() - both + 1e-9))


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The rotation, scale and shift (2, 3) that lays points (N, 2) nearest to others, least squares (Umeyama 1991)."""
    s, t = (p - p.mean(0) for p in (np.asarray(source, float), np.asarray(target, float)))
    s, t = s[:, 0] + 1j * s[:, 1], t[:, 0] + 1j * t[:, 1]
    k = np.vdot(s, t) / np.vdot(s, s).real
    m = np.array([[k.real, -k.imag], [k.imag, k.real]])
    return np.c_[m, np.mean(target, 0) - m @ np.mean(source, 0)]


def transform(m: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (..., 2) through an affine map (2, 3)."""
    return points @ m[:, :2].T + m[:, 2]


def align(landmarks: np.ndarray, size: int, keep: list[int] = KEEP) -> np.ndarray:
    """The similarity (2, 3) from the frame to an aligned crop of size × size pixels; landmarks (≥ 468, 2).

    keep: the points that are laid on one another.
    """
    return similarity(landmarks[keep], template(size)[keep])


@lru_cache(maxsize=8)
def template(size: int) -> np.ndarray:
    """Where the points of the canonical face are in an aligned crop of size × size pixels, (468, 2); not to change."""
    face = canonical()[:, :2]
    low, high = face[OVAL].min(0), face[OVAL].max(0)
    return (face - (low + high) / 2) / ((high - low).max() * COVERAGE) * size + size / 2


def crop(frame: np.ndarray, m: np.ndarray, size: int) -> np.ndarray:
    """The aligned crop (size, size, 3) of a frame through the similarity m (2, 3)."""
    way = cv2.INTER_AREA if np.hypot(m[0, 0], m[0, 1]) < 0.6 else cv2.INTER_CUBIC
    return cv2.warpAffine(frame, m, (size, size), flags=way, borderMode=cv2.BORDER_REPLICATE)


def crop_of(piece: Callable, m: np.ndarray, size: int) -> np.ndarray:
    """The same crop of a frame that gives its pieces: corners x, y -> pixels, and x, y of where they begin."""
    corners = transform(cv2.invertAffineTransform(m), np.array([[0, 0], [size, 0], [0, size], [size, size]], float))
    pixels, corner = piece(corners.min(0) - 4, corners.max(0) + 4)
    return crop(pixels, np.c_[m[:, :2], transform(m, np.array(corner))], size)


def mask(landmarks: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The face's outline filled: uint8 (H, W), 255 inside the oval of landmarks (≥ 468, 2)."""
    return cv2.fillPoly(np.zeros(shape[:2], "u1"), [np.round(landmarks[OVAL]).astype("i4")], 255)


def eye_distance(landmarks: np.ndarray) -> float:
    """Pixels between the outer eye corners; the ruler of this kit."""
    return float(np.linalg.norm(landmarks[263] - landmarks[33]))


def rigid(source: np.ndarray, target: np.ndarray, keep: list[int]) -> tuple[float, np.ndarray, np.ndarray]:
    """(scale, rotation (3, 3), shift (3,)): scale · source @ rotation + shift is nearest to target over points keep.

    Least squares without reflection (Kabsch 1976, Umeyama 1991); source and target are (N, 3).
    """
    a, b = source[keep].astype(float), target[keep].astype(float)
    middle_a, middle_b = a.mean(0), b.mean(0)
    u, s, v = np.linalg.svd((a - middle_a).T @ (b - middle_b))
    flip = np.array([1, 1, np.sign(np.linalg.det(u @ v))])
    rotation = (u * flip) @ v
    scale = (s * flip).sum() / ((a - middle_a) ** 2).sum()
    return float(scale), rotation, middle_b - scale * middle_a @ rotation


def pose(landmarks: np.ndarray, depth: np.ndarray) -> tuple[float, float, float]:
    """Yaw, pitch, roll in degrees: positive is a turn to the picture's right, a nod down, a tilt clockwise.

    Of a face that lies on its side or stands on its head, yaw and pitch are as if the picture were turned upright.
    """
    _, r, _ = rigid(canonical(), np.c_[landmarks, depth][:POINTS], ANCHOR + OVAL)
    ahead, across, down = np.array([0, 0, -1]) @ r, np.array([1, 0, 0]) @ r, np.array([0, 1, 0]) @ r
    for _ in range(quarter_turns(np.degrees(np.arctan2(-down[0], down[1]))) % 4):
        ahead[:2] = ahead[1], -ahead[0]
    yaw = np.degrees(np.arctan2(ahead[0], -ahead[2]))
    pitch = np.degrees(np.arctan2(ahead[1], np.hypot(ahead[0], ahead[2])))
    return float(yaw), float(pitch), float(np.degrees(np.arctan2(across[1], across[0])))


def quarter_turns(roll: float) -> int:
    """The quarter turns clockwise, -2 to 2, nearest to a tilt in degrees; 0 is upright."""
    return round(roll / 90)


def upright(solid: np.ndarray) -> np.ndarray:
    """Points (≥ 468, 3) of a face turned by the quarter turns after which it is the right way up, about the corner."""
    for _ in range(-quarter_turns(pose(solid[:, :2], solid[:, 2])[2]) % 4):
        solid = np.stack([-solid[:, 1], solid[:, 0], solid[:, 2]], 1)
    return solid


def close_up(frame: np.ndarray, points: np.ndarray, size: int = 200) -> np.ndarray:
    """The square (size, size, 3) around a face's points (N, ≥ 2), half as wide again as the face."""
    m = lens(points, size)
    way = cv2.INTER_AREA if m[0, 0] < 0.6 else cv2.INTER_CUBIC
    return cv2.warpAffine(frame, m, (size, size), flags=way, borderMode=cv2.BORDER_REPLICATE)


def lens(points: np.ndarray, size: int) -> np.ndarray:
    """The scale and shift (2, 3) from the frame to a close-up of size × size pixels; points (N, ≥ 2)."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    scale = size / ((high - low).max() * AROUND)
    return np.c_[np.eye(2) * scale, size / 2 - (low + high) / 2 * scale]


def rasterise(
    flat: np.ndarray, depth: np.ndarray, triangles: np.ndarray, box: np.ndarray
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Which triangle each pixel shows, with a depth test.

    flat (N, 2) pixels, depth (N,) smaller is nearer, triangles (T, 3) wound as on the canonical face, box [[x0, y0],
    [x1, y1]] inclusive. A triangle that turns away has its winding reversed and is left out. Returns, over the box's
    pixels in rows, the triangle's index (P,) or -1, the barycentric weights (P, 3), and the box's (height, width).
    """
    (x0, y0), (x1, y1) = box
    height, width = y1 - y0 + 1, x1 - x0 + 1
    corners = flat[triangles].astype("f8") - [x0, y0]
    e1, e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0]
    shown = np.flatnonzero(area > 1e-3)
    top, bottom = np.ceil(corners[shown, :, 1].min(1)), np.floor(corners[shown, :, 1].max(1))
    t, y = _runs(shown, top.clip(0), bottom.clip(max=height - 1))
    (ax, ay), (bx, by), (cx, cy) = e1[t].T, e2[t].T, corners[t, 0].T
    qy = y - cy
    left, right = np.zeros(len(t)), np.full(len(t), width - 1.0)
    # along a row a weight rises or falls evenly: it is slope · (x - cx) + there, and is to be 0 at least
    for slope, there in ((by, -qy * bx), (-ay, ax * qy), (ay - by, area[t] + qy * (bx - ax))):
        edge = cx - np.divide(there, slope, out=np.zeros(len(t)), where=slope != 0)
        np.maximum(left, edge, out=left, where=slope > 0)
        np.minimum(right, edge, out=right, where=slope < 0)
    first, last = np.ceil(left.clip(max=width) - 1e-3), np.floor(right.clip(min=-1) + 1e-3)
    row, px = _runs(np.arange(len(t)), first, last)
    t, py, qx, qy = t[row], y[row], px - cx[row], qy[row]
    u = (qx * by[row] - qy * bx[row]) / area[t]
    v = (ax[row] * qy - ay[row] * qx) / area[t]
    hit = (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6)
    t, u, v, pixel = t[hit], u[hit], v[hit], (py * width + px)[hit]
    weights = np.stack([1 - u - v, u, v], 1)
    index, out = np.full(height * width, -1), np.zeros((height * width, 3))
    index[pixel], out[pixel] = t, weights
    # where several are, farthest first, so that the nearest is written last and stays
    many = np.flatnonzero((np.bincount(pixel, minlength=len(index)) > 1)[pixel])
    near = many[np.argsort(-(weights[many] * depth[triangles[t[many]]]).sum(1), kind="stable")]
    index[pixel[near]], out[pixel[near]] = t[near], weights[near]
    return index, out, (height, width)


def _runs(names: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each name with every whole number from its low to its high, both inclusive."""
    low = low.astype(int)
    count = (high.astype(int) - low + 1).clip(0)
    return np.repeat(names, count), np.arange(count.sum()) + np.repeat(low - np.cumsum(count) + count, count)
