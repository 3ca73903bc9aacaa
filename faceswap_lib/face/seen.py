"""A face as it was found in a frame, and where it is when the frame is turned, cut or followed by another one.

Points are float32 pixels of the upright frame, x right, y down; depth is in the unit of x, smaller is nearer.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from faceswap_lib.face.geometry import iris_distance, overlap

LOOKED_AT = 1.65  # faces wide: 1.5 and a margin, for it moves


@dataclass
class Face:
    """One face in one frame: box (4,) x y w h, landmarks (478, 2), depth (478,), detector's score 0..1 (0: tracked)."""

    box: np.ndarray
    landmarks: np.ndarray
    depth: np.ndarray
    score: float


class Shown:
    """A frame (H, W, 3) uint8 that is there, in the words of one that is not yet (media/late.py)."""

    def __init__(self, pixels: np.ndarray):
        self.pixels, self.shape = pixels, pixels.shape

    def whole(self) -> np.ndarray:
        """All of it."""
        return self.pixels

    def piece(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
        """At least the part between two corners, and where it begins: all of it."""
        return self.pixels, (0, 0)

    def small(self) -> np.ndarray:
        """Every eighth pixel of every eighth row, grey."""
        return cv2.cvtColor(self.pixels[::8, ::8], cv2.COLOR_RGB2GRAY)


def same(found: list[Face], box: np.ndarray) -> list[Face]:
    """Those of some faces that are where a box x y w h is."""
    return [face for face in found if overlap(face.box, box) > 0.2]


def scored(found: list[Face], boxes: list[tuple[np.ndarray, float]]) -> list[Face]:
    """Faces with the detector's scores of their boxes."""
    for face in found:
        face.score = max((score for box, score in boxes if same([face], box)), default=face.score)
    return found


def looked_at(face: Face) -> tuple[np.ndarray, np.ndarray]:
    """The corners of what MediaPipe looks at next, and an aligned crop holds: of a square that is tilted as the eyes.

    It is 1.5 times as wide as the face (mediapipe/modules/face_landmark/face_landmark_landmarks_to_roi.pbtxt).
    """
    along = face.landmarks[263] - face.landmarks[33]
    tilt = np.abs(along).sum() / max(np.linalg.norm(along), 1e-6)
    half, middle = LOOKED_AT / 2 * face.box[2:].max() * tilt + 2, face.box[:2] + face.box[2:] / 2
    return middle - half, middle + half


def view(frame: np.ndarray, turns: int) -> np.ndarray:
    """A frame after so many quarter turns clockwise."""
    return np.ascontiguousarray(np.rot90(frame, -turns)) if turns else frame


def turn(face: Face, turns: int, shape: tuple[int, ...]) -> Face:
    """A face of a frame of that shape, where it is after so many quarter turns of the frame clockwise."""
    (height, width), p = shape[:2], face.landmarks
    for _ in range(turns % 4):
        p, height, width = np.stack([height - 1 - p[:, 1], p[:, 0]], 1), width, height
    low, high = p.min(0), p.max(0)
    return Face(np.r_[low, high - low], p, face.depth, face.score) if turns else face


def nearest(found: list[Face], near: Face | None) -> Face | None:
    """The face that is where `near` is, within its iris distance; None when there is none, or nobody to look for."""
    away = far(near, found) if near else []
    return found[int(np.argmin(away))] if away and min(away) < 1 else None


def far(face: Face, others: list[Face]) -> list[float]:
    """How far each of some faces is from a face, in its iris distances."""
    here, ruler = face.landmarks.mean(0), max(iris_distance(face.landmarks), 1e-3)
    return [float(np.linalg.norm(one.landmarks.mean(0) - here)) / ruler for one in others]
