"""The canonical face mesh: a face's texture and motion out of a frame, and a texture back into one.

Every face is warped through MediaPipe's points to one shape (the "shape-free" texture of Active Appearance Models,
Cootes, Edwards & Taylor 1998): the plain average of 240 such textures is a portrait instead of a blur. `canvas` gives
the mesh or, to see what it is worth, the field's usual alignment by similarity, with the same methods.
"""

from functools import lru_cache

import cv2
import numpy as np
from scipy import sparse

from faceswap_lib import UserError
from faceswap_lib.face import anatomy, geometry
from faceswap_lib.face.anatomy import ANCHOR, EYES, IRISES, MOUTH, OVAL, POINTS, canonical
from faceswap_lib.face.geometry import rasterise, similarity, transform

RING = 1.35  # a ring of points this far outside the oval, so that the border has a texture too
MARGIN = 1.16  # the texture is this many times as wide as the face
LIPS = 0.01  # eye distances: how soft the lips' inner edge is, where one person's mouth meets another's lips
MOTION_GAIN = 8.0  # motion is a few hundredths of the eye distance; the network likes numbers near 1


def ring(flat: np.ndarray) -> np.ndarray:
    """The 36 points around a flat canonical face (468, 2), 1.35 times as far out as the oval."""
    middle = flat[OVAL].mean(0)
    return middle + (flat[OVAL] - middle) * RING


class Mesh:
    """The canonical mesh at one texture size; build it through `canvas`.

    points (504, 2) canonical pixels, triangles (T, 3), inside (S, S) 1 in the face, parts [(S, S)] eyes and
    mouth, skin (S, S) the face without them.
    """

    def __init__(self, size: int):
        flat = canonical()[:, :2].astype(float)
        low, high = flat[OVAL].min(0), flat[OVAL].max(0)
        self.size = size
        self._scale = size / ((high - low).max() * MARGIN)
        face = (flat - (low + high) / 2) * self._scale + (size - 1) / 2
        self.points = np.r_[face, ring(face)].astype("f4")
        self.triangles = anatomy.triangles()
        self.inner = self.triangles[(self.triangles < POINTS).all(1)]
        whole = np.array([[0, 0], [size - 1, size - 1]])
        index, weights, _ = rasterise(self.points, np.zeros(len(self.points)), self.triangles, whole)
        self._triangle, self._spread = index, _mixing(weights, self.triangles[np.maximum(index, 0)], len(self.points))
        self._mouth = np.isin(self.inner, MOUTH).all(1)
        self.inside = self._fill(OVAL)
        self.parts = [np.minimum(cv2.dilate(self._fill(p), np.ones((3, 3))), self.inside) for p in (*EYES, MOUTH)]
        self.skin = self.inside * (1 - np.max(self.parts, 0))
        self.importance = _importance(self.inside, self.parts)
        soft = cv2.erode(self.inside, np.ones((3, 3)), iterations=max(1, size // 32))
        self._alpha = cv2.GaussianBlur(soft, (0, 0), size / 40)

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
        return (self._spread @ values.astype(float)).astype("f4").reshape(self.size, self.size, -1)

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

    def normals(self, solid: np.ndarray) -> np.ndarray:
        """Where the face looks at each canonical pixel, unit vectors (S, S, 3) from points (≥ 468, 3) of the frame.

        x to the right, y down, z towards the camera.
        """
        corners, out = solid[self.inner], np.zeros((POINTS, 3))
        facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        for k in range(3):
            np.add.at(out, self.inner[:, k], facing)
        spread = self.spread(np.r_[out, out[OVAL]] / (np.linalg.norm(out, axis=1).mean() + 1e-9))
        spread *= [-1, -1, 1]  # wound inwards: turn around, and z towards the camera
        return spread / (np.linalg.norm(spread, axis=2, keepdims=True) + 1e-6)

    def motion_picture(self, motion: np.ndarray) -> np.ndarray:
        """Motion (478, 3) as a picture beside the texture: float32 (S/2, S/2, 4), about -1..1.

        Two channels of how the mesh's points move across and down, two of how each iris moves within its eye.
        """
        full = self.spread(np.r_[motion[:POINTS, :2], np.zeros((len(OVAL), 2))])
        gaze = np.zeros_like(full)
        for eye, iris, area in zip(EYES, IRISES, self.parts[:2], strict=True):
            gaze += area[..., None] * (motion[iris, :2].mean(0) - motion[eye, :2].mean(0))
        return np.ascontiguousarray(np.concatenate([full, gaze], -1)[::2, ::2] * MOTION_GAIN, "f4")

    def alpha(self, solid: np.ndarray) -> np.ndarray:
        """How opaque the drawn face is, float32 (S, S): 1 inside, feathered within the oval; points unused."""
        return self._alpha

    def draw(
        self,
        frame: np.ndarray,
        texture: np.ndarray,
        alpha: np.ndarray,
        solid: np.ndarray,
        mouth: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> np.ndarray:
        """The frame with a texture (S, S, 3) float32 0..255 laid on points (468, 3), opaque by alpha (S, S) 0..1.

        Only triangles that face the camera are drawn, the nearest at each pixel (a depth test); a new uint8 frame.
        mouth: a picture (H, W, 3) and its face's points (≥ 468, 2), from which comes what is seen between the lips.
        """
        height, width = frame.shape[:2]
        low = np.floor(solid[:, :2].min(0)).astype(int).clip(0, [width - 1, height - 1])
        high = np.ceil(solid[:, :2].max(0)).astype(int).clip(0, [width - 1, height - 1])
        index, weights, shape = rasterise(solid[:, :2], solid[:, 2], self.inner, np.array([low, high]))
        hit = np.flatnonzero(index >= 0)
        mixing = _mixing(weights[hit], self.inner[index[hit]], POINTS)

        def places(points: np.ndarray) -> list[np.ndarray]:
            where = np.full((2, len(index)), -9, "f4")  # outside every triangle: outside the texture, where alpha is 0
            where[:, hit] = (mixing @ points[:POINTS, :2].astype(float)).T
            return list(where.reshape(2, *shape))

        at, cubic = places(self.points), {"interpolation": cv2.INTER_CUBIC, "borderMode": cv2.BORDER_REPLICATE}
        face = cv2.remap(texture, *at, **cubic)
        cover = cv2.remap(alpha, *at, cv2.INTER_LINEAR, borderValue=0)[..., None]
        between = ((index >= 0) & self._mouth[index]).reshape(shape).astype("f4")
        if mouth is not None and between.any():
            between = cv2.GaussianBlur(between, (0, 0), LIPS * geometry.eye_distance(solid[:, :2]))[..., None]
            rows, columns = (slice(*_extent(between.any((2, k)))) for k in (1, 0))
            part, old = face[rows, columns], (where[rows, columns].copy() for where in places(mouth[1]))
            part += between[rows, columns] * (cv2.remap(mouth[0], *old, **cubic) - part)
        out = frame.copy()
        view = out[low[1] : high[1] + 1, low[0] : high[0] + 1]
        view[:] = (view * (1 - cover) + face.clip(0, 255) * cover + 0.5).clip(0, 255)
        return out


class Crop:
    """The field's usual alignment, with the methods of `Mesh`: rotation, scale and shift; pose and shape stay in."""

    def __init__(self, size: int):
        self.size = size
        flat = canonical()[:, :2]
        self.points = transform(geometry.align(flat, size), flat).astype("f4")
        self.inside = geometry.mask(self.points, (size, size)).astype("f4") / 255
        hulls = [np.round(cv2.convexHull(self.points[p])).astype("i4") for p in (*EYES, MOUTH)]
        self.parts = [cv2.fillConvexPoly(np.zeros((size, size), "f4"), hull, 1.0) for hull in hulls]
        self.skin = self.inside * (1 - np.max(self.parts, 0))
        self.importance = _importance(self.inside, self.parts)

    def texture(self, image: np.ndarray, flat: np.ndarray) -> np.ndarray:
        """The aligned picture uint8 (S, S, 3) of a face with points (≥ 468, 2)."""
        return geometry.crop(image, geometry.align(flat, self.size), self.size)

    def visibility(self, solid: np.ndarray) -> np.ndarray:
        """The face's oval in the aligned picture, float32 (S, S), from points (≥ 468, 3) of the frame."""
        flat = transform(geometry.align(solid[:, :2], self.size), solid[:, :2])
        return cv2.GaussianBlur(geometry.mask(flat, (self.size, self.size)).astype("f4") / 255, (0, 0), self.size / 64)

    def motion_picture(self, motion: np.ndarray) -> np.ndarray:
        """Zeros (S/2, S/2, 4): here the network must read motion off the pixels, as every known tool's does."""
        return np.zeros((self.size // 2, self.size // 2, 4), "f4")

    def alpha(self, solid: np.ndarray) -> np.ndarray:
        """How opaque the drawn face is, float32 (S, S): the oval of points (≥ 468, 3), eroded and feathered."""
        inside = (self.visibility(solid) > 0.5).astype("f4")
        soft = cv2.erode(inside, np.ones((3, 3)), iterations=max(1, self.size // 32))
        return cv2.GaussianBlur(soft, (0, 0), self.size / 40)

    def draw(
        self, frame: np.ndarray, texture: np.ndarray, alpha: np.ndarray, solid: np.ndarray, mouth: object = None
    ) -> np.ndarray:
        """The frame with the picture (S, S, 3) float32 0..255 put back over points (≥ 468, 3), opaque by alpha.

        mouth is unused: in an aligned crop lips are wherever they are.
        """
        back = cv2.invertAffineTransform(geometry.align(solid[:, :2], self.size))
        size = (frame.shape[1], frame.shape[0])
        face = cv2.warpAffine(texture, back, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        cover = cv2.warpAffine(alpha, back, size, flags=cv2.INTER_LINEAR)[..., None]
        return (frame * (1 - cover) + face.clip(0, 255) * cover + 0.5).clip(0, 255).astype("u1")


def _importance(inside: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
    """The loss's weight per pixel: the border a little, the face 1, eyes 3 and mouth 2 (the peers' consensus)."""
    size = len(inside)
    eyes, mouth = (cv2.GaussianBlur(m, (0, 0), size / 64) for m in (np.maximum(*parts[:2]), parts[2]))
    return (0.1 + 0.9 * cv2.GaussianBlur(inside, (0, 0), size / 64)) * (1 + 2 * eyes + mouth)


@lru_cache(maxsize=4)
def canvas(alignment: str, size: int) -> Mesh | Crop:
    """What faces are laid out on: alignment "mesh" or "similarity", size × size pixels; UserError for another word."""
    kinds = {"mesh": Mesh, "similarity": Crop}
    if alignment not in kinds:
        raise UserError(f"There is no alignment '{alignment}'; choose mesh or similarity.")
    return kinds[alignment](size)


def _mixing(weights: np.ndarray, corners: np.ndarray, count: int) -> sparse.csr_matrix:
    """Of values at `count` points the mean at each of N places, from three corners (N, 3) by weights (N, 3)."""
    starts = np.arange(0, weights.size + 1, 3)
    return sparse.csr_matrix((weights.ravel(), corners.ravel(), starts), shape=(len(weights), count))


def _extent(there: np.ndarray) -> tuple[int, int]:
    """From where to where something is, (N,) bool; nowhere: 0 to 0."""
    at = np.flatnonzero(there)
    return (int(at[0]), int(at[-1]) + 1) if len(at) else (0, 0)


def _cosine(corners: np.ndarray) -> np.ndarray:
    """How squarely triangles (T, 3, 3) face the camera: 1 frontal, 0 edge on, negative turned away."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return normal[:, 2] / (np.linalg.norm(normal, axis=1) + 1e-9)
