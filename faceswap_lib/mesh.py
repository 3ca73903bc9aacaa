"""The canonical face mesh: a face's texture and motion out of a frame, and a texture back into one.

Every face is warped through MediaPipe's points to one shape (the "shape-free" texture of Active Appearance Models,
Cootes, Edwards & Taylor 1998). What a face does is its motion: its points in three dimensions, freed of pose by a
rigid fit, minus that person's mean. B's mean shape + A's motion in A's pose is where B's texture is drawn.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from faceswap_lib.faces import ANCHOR, EYES, LIPS, MOUTH, OVAL, POINTS, canonical, rigid, similarity, transform

# What hardly moves when a face talks: the rigid fit stands on these (eye corners and rims, nose, temples)
STABLE = [*ANCHOR[:14], 6, 195, 1, 2, 98, 327, 127, 356, 234, 454, 93, 323]
RING = 1.35  # a ring of points this far outside the oval, so that the border has a texture too
MARGIN = 1.16  # the texture is this many times as wide as the face
SMOOTHING = 0.7  # frames: landmark jitter is texture jitter; a Gaussian has no lag
MOTION_GAIN = 8.0  # motion is a few hundredths of the eye distance; the network likes numbers near 1


def ring(flat: np.ndarray) -> np.ndarray:
    """The 36 points around a flat canonical face (468, 2), 1.35 times as far out as the oval."""
    middle = flat[OVAL].mean(0)
    return middle + (flat[OVAL] - middle) * RING


class Mesh:
    """The canonical mesh at one texture size; build it through `mesh(size)`.

    points (504, 2) canonical pixels, triangles (T, 3), inside (S, S) 1 in the face, parts [(S, S)] eyes and mouth.
    """

    def __init__(self, size: int):
        flat = canonical()[:, :2].astype(float)
        low, high = flat[OVAL].min(0), flat[OVAL].max(0)
        self.size = size
        self._scale = size / ((high - low).max() * MARGIN)
        face = (flat - (low + high) / 2) * self._scale + (size - 1) / 2
        self.points = np.r_[face, ring(face)].astype("f4")
        self.triangles = np.array(json.loads(Path(__file__).with_name("canonical.json").read_text())["triangles"])
        self.inner = self.triangles[(self.triangles < POINTS).all(1)]
        whole = np.array([[0, 0], [size - 1, size - 1]])
        index, self._weights, _ = rasterise(self.points, np.zeros(len(self.points)), self.triangles, whole)
        self._triangle, self._corners = index, self.triangles[np.maximum(index, 0)]
        self.inside = self._fill(OVAL)
        self.parts = [np.minimum(cv2.dilate(self._fill(p), np.ones((3, 3))), self.inside) for p in (*EYES, MOUTH)]
        self.lips = self._fill(LIPS)

    def _fill(self, loop: list[int]) -> np.ndarray:
        hull = cv2.convexHull(np.round(self.points[loop]).astype("i4"))
        return cv2.fillConvexPoly(np.zeros((self.size, self.size), "f4"), hull, 1.0)

    def extend(self, flat: np.ndarray) -> np.ndarray:
        """Points (468, 2) with the ring carried along by a similarity: (504, 2)."""
        keep = ANCHOR + OVAL
        m = similarity(self.points[keep], flat[keep])
        return np.r_[flat, transform(m, self.points[POINTS:])]

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values at the 504 points (504, C) interpolated over the canonical pixels: float32 (S, S, C)."""
        out = (self._weights[:, :, None] * values[self._corners]).sum(1).astype("f4")
        return out.reshape(self.size, self.size, -1)

    def texture(self, image: np.ndarray, flat: np.ndarray) -> np.ndarray:
        """The canonical texture uint8 (S, S, 3) of a face with points (468, 2) in an image (H, W, 3)."""
        where = self.spread(self.extend(flat[:POINTS]))
        return cv2.remap(image, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def visibility(self, solid: np.ndarray) -> np.ndarray:
        """How well each canonical pixel is seen, float32 (S, S) 0..1, from points (468, 3) of the frame.

        The cosine between a triangle's normal and the view: 0 where it turns away (under 0.1), 1 above 0.4.
        """
        full = np.c_[self.extend(solid[:, :2]), np.r_[solid[:, 2], np.full(len(OVAL), solid[OVAL, 2].mean())]]
        seen = ((_cosine(full[self.triangles]) - 0.1) / 0.3).clip(0, 1)[np.maximum(self._triangle, 0)].astype("f4")
        return cv2.GaussianBlur(seen.reshape(self.size, self.size), (0, 0), self.size / 64)

    def motion_picture(self, motion: np.ndarray) -> np.ndarray:
        """Motion (468, 3) as a picture beside the texture: float32 (S/2, S/2, 2), about -1..1."""
        full = np.r_[motion[:, :2], np.zeros((len(OVAL), 2))] * MOTION_GAIN
        return np.ascontiguousarray(self.spread(full)[::2, ::2])

    def draw(self, frame: np.ndarray, texture: np.ndarray, alpha: np.ndarray, solid: np.ndarray) -> np.ndarray:
        """The frame with a texture (S, S, 3) float32 0..255 laid on points (468, 3), opaque by alpha (S, S) 0..1.

        Only triangles that face the camera are drawn, the nearest at each pixel (a depth test); a new uint8 frame.
        """
        height, width = frame.shape[:2]
        low = np.floor(solid[:, :2].min(0)).astype(int).clip(0, [width - 1, height - 1])
        high = np.ceil(solid[:, :2].max(0)).astype(int).clip(0, [width - 1, height - 1])
        box = np.array([low, high])
        index, weights, shape = rasterise(solid[:, :2], solid[:, 2], self.inner, box)
        where = (weights[:, :, None] * self.points[self.inner[np.maximum(index, 0)]]).sum(1)
        where[index < 0] = -9  # outside every triangle: outside the texture, where alpha is 0
        where = where.reshape(*shape, 2).astype("f4")
        face = cv2.remap(texture, where[..., 0], where[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        cover = cv2.remap(alpha, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderValue=0)[..., None]
        out = frame.copy()
        view = out[low[1] : high[1] + 1, low[0] : high[0] + 1]
        view[:] = (view * (1 - cover) + face.clip(0, 255) * cover + 0.5).clip(0, 255)
        return out


@lru_cache(maxsize=4)
def mesh(size: int) -> Mesh:
    """The canonical mesh for textures of size × size pixels."""
    return Mesh(size)


def _cosine(corners: np.ndarray) -> np.ndarray:
    """How squarely triangles (T, 3, 3) face the camera: 1 frontal, 0 edge on, negative turned away."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return normal[:, 2] / (np.linalg.norm(normal, axis=1) + 1e-9)


def rasterise(
    flat: np.ndarray, depth: np.ndarray, triangles: np.ndarray, box: np.ndarray
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Which triangle each pixel shows, with a depth test.

    flat (N, 2) pixels, depth (N,) smaller is nearer, triangles (T, 3) wound as on the canonical face, box
    [[x0, y0], [x1, y1]] inclusive. Triangles that turn away have their winding reversed and are left out. Returns, over the box's pixels in rows, the triangle's
    index (P,) or -1, the barycentric weights (P, 3), and the box's (height, width).
    """
    (x0, y0), (x1, y1) = box
    height, width = y1 - y0 + 1, x1 - x0 + 1
    corners = flat[triangles].astype("f8") - [x0, y0]
    e1, e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0]
    low = np.ceil(corners.min(1)).astype(int).clip(0)
    high = np.floor(corners.max(1)).astype(int).clip(max=[width - 1, height - 1])
    spans = (high - low + 1).clip(0) * (area > 1e-3)[:, None]
    count = spans.prod(1)
    t = np.repeat(np.arange(len(triangles)), count)
    k = np.arange(len(t)) - np.repeat(np.cumsum(count) - count, count)
    px, py = low[t, 0] + k % spans[t, 0], low[t, 1] + k // spans[t, 0]
    qx, qy = px - corners[t, 0, 0], py - corners[t, 0, 1]
    u = (qx * e2[t, 1] - qy * e2[t, 0]) / area[t]
    v = (e1[t, 0] * qy - e1[t, 1] * qx) / area[t]
    hit = (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6)
    t, u, v, pixel = t[hit], u[hit], v[hit], (py * width + px)[hit]
    weights = np.stack([1 - u - v, u, v], 1)
    near = np.argsort(-(weights * depth[triangles[t]]).sum(1), kind="stable")  # farthest first: the nearest is written last
    index, out = np.full(height * width, -1), np.zeros((height * width, 3))
    index[pixel[near]], out[pixel[near]] = t[near], weights[near]
    return index, out, (height, width)


@dataclass
class Person:
    """One person's frames freed of pose: mean shape (468, 3), motion (N, 468, 3), and how each frame was laid."""

    mean: np.ndarray
    motion: np.ndarray
    fits: list[tuple[float, np.ndarray, np.ndarray]]


def smooth(points: np.ndarray, frames: np.ndarray, sigma: float = SMOOTHING) -> np.ndarray:
    """Points (N, K, D) of frames (N,) smoothed over time by a Gaussian, never across a gap or a cut.

    A cut is where the face's middle jumps by more than half its eye distance, or a frame is missing.
    """
    out = np.array(points, "f8")
    for part in segments(points, frames):
        if part.stop - part.start > 1 and sigma > 0:
            out[part] = gaussian_filter1d(out[part], sigma, axis=0, mode="nearest")
    return out


def segments(points: np.ndarray, frames: np.ndarray) -> list[slice]:
    """The stretches of frames (N,) without gap or cut, from points (N, K, ≥ 2)."""
    if not len(points):
        return []
    middle = points[:, ANCHOR, :2].mean(1)
    eyes = np.linalg.norm(points[:, 263, :2] - points[:, 33, :2], axis=1)
    jump = np.linalg.norm(np.diff(middle, axis=0), axis=1) > 0.5 * np.minimum(eyes[1:], eyes[:-1])
    edges = np.r_[0, np.flatnonzero(jump | (np.diff(frames) != 1)) + 1, len(points)]
    return [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def person(solid: np.ndarray, mean: np.ndarray | None = None) -> Person:
    """Shape and motion from points (N, 468, 3) in frame pixels; a known person's mean (468, 3) can be given.

    Each frame is laid on the person's own mean by a rigid fit over stable points; the mean itself lies on the
    canonical face, so that two people's motions are in the same axes (generalised Procrustes; Gower 1975).
    """
    shape = canonical().astype(float) if mean is None else mean
    for _ in range(4 if mean is None else 0):
        middle = np.median([_lay(x, rigid(x, shape, STABLE)) for x in solid], 0)
        shape = _lay(middle, rigid(middle, canonical(), STABLE))
    fits = [rigid(x, shape, STABLE) for x in solid]
    laid = np.stack([_lay(x, fit) for x, fit in zip(solid, fits, strict=True)])
    return Person(shape, laid - shape, fits)


def _lay(x: np.ndarray, fit: tuple[float, np.ndarray, np.ndarray]) -> np.ndarray:
    scale, rotation, shift = fit
    return scale * x @ rotation + shift


def target(mean: np.ndarray, motion: np.ndarray, fit: tuple, solid: np.ndarray) -> np.ndarray:
    """Where a face is drawn: mean shape (468, 3) + motion in the pose of fit, laid on the frame's points (468, 3).

    The last step is a similarity in the picture over eyes, nose bridge, mouth corners and oval: size and place are A's.
    """
    scale, rotation, shift = fit
    shape = (mean + motion - shift) @ rotation.T / scale
    keep = ANCHOR + OVAL
    m = similarity(shape[keep, :2], solid[keep, :2])
    return np.c_[transform(m, shape[:, :2]), shape[:, 2] * np.hypot(m[0, 0], m[0, 1])]
