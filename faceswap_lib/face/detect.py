"""Find a face: landmarks, alignment, mask, pose, likeness. The only file that knows MediaPipe and dlib.

Points are float32 pixels of the upright frame, x right, y down; depth is in the unit of x, smaller is nearer.
"""

import json
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np

POINTS = 468  # MediaPipe's mesh without the ten iris points that follow it
OVAL = [10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
        152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109]  # fmt: skip
EYES = ([33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246],
        [362, 382, 381, 380, 374, 373, 390, 249, 263, 466, 388, 387, 386, 385, 384, 398])  # fmt: skip
LIPS = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146]
MOUTH = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95]
BROWS = [70, 63, 105, 66, 107, 55, 65, 52, 53, 46, 300, 293, 334, 296, 336, 285, 295, 282, 283, 276]
IRISES = ([468, 469, 470, 471, 472], [473, 474, 475, 476, 477])
# What stays put while a face talks: eyes' outline, nose bridge, mouth corners
ANCHOR = [33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380, 168, 197, 61, 291]
# iBUG's 68 points among MediaPipe's 478; dlib's recogniser was trained on faces cut by these
IBUG = [162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389,
        71, 63, 105, 66, 107, 336, 296, 334, 293, 301, 168, 197, 5, 4, 75, 97, 2, 326, 305,
        33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
        61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87]  # fmt: skip
HASTE = 0.3  # iris distances that a face goes from one frame to the next, beyond which it is looked at twice
COVERAGE = 1.5  # an aligned crop is this many canonical faces high: the ring around the face stays inside


@dataclass
class Face:
    """One face in one frame: box (4,) x y w h, landmarks (478, 2), depth (478,), detector's score 0..1 (0: tracked)."""

    box: np.ndarray
    landmarks: np.ndarray
    depth: np.ndarray
    score: float


@lru_cache(maxsize=1)
def canonical() -> np.ndarray:
    """The canonical face (468, 3): symmetric, frontal, eye corners 1 apart, anchors' mean at 0 (setup/canonical.py)."""
    data = json.loads(Path(__file__).with_name("canonical.json").read_text())
    return np.array(data["points"], "f4")


def mediapipe() -> ModuleType:
    """MediaPipe without TensorFlow, which it imports for a docs helper only (20 s and 830 MB become 4 s and 190)."""
    if "mediapipe" in sys.modules:
        return sys.modules["mediapipe"]
    held = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "tensorflow"}
    sys.modules["tensorflow"] = None
    try:
        import mediapipe as found
    finally:
        del sys.modules["tensorflow"]
        sys.modules.update(held)
    return found


class Detector:
    """Finds every face of a frame; a context manager, to be fed one video's frames in order (it tracks)."""

    def __init__(self, most: int = 4):
        solutions = mediapipe().solutions
        mesh = solutions.face_mesh.FaceMesh
        self._track = mesh(static_image_mode=False, max_num_faces=most, refine_landmarks=True)
        self._still = mesh(static_image_mode=True, max_num_faces=1, refine_landmarks=True)
        self._boxes = solutions.face_detection.FaceDetection(model_selection=1, min_detection_confidence=0.5)
        self._last: list[Face] = []

    def __enter__(self) -> "Detector":
        return self

    def __exit__(self, *_: object) -> None:
        for part in (self._track, self._still, self._boxes):
            part.close()

    def detect(self, frame: np.ndarray, near: Face | None = None) -> list[Face]:
        """Faces of one frame (H, W, 3) uint8, the largest first; small ones are searched for in an enlarged cut.

        near: the only one wanted is where this one is; where it is tracked, there is no search, in half the time.
        """
        found = self._follow(frame)
        for box, score in [] if nearest(found, near) else self._detect_boxes(frame):
            same = [face for face in found if overlap(face.box, box) > 0.2]
            if not same:
                found += self._look_closer(frame, box)
                same = [face for face in found if overlap(face.box, box) > 0.2]
            for face in same:
                face.score = max(face.score, score)
        return sorted(found, key=lambda face: -face.box[2] * face.box[3])

    def _follow(self, frame: np.ndarray) -> list[Face]:
        """The tracked faces; MediaPipe looks where they were, so it looks once more where one went far (HASTE)."""
        found = _faces(self._track, frame)
        if self._last and any(min(_far(face, self._last)) > HASTE for face in found):
            found = _faces(self._track, frame)
        self._last = found
        return found

    def _detect_boxes(self, frame: np.ndarray) -> list[tuple[np.ndarray, float]]:
        height, width = frame.shape[:2]
        boxes = []
        for hit in self._boxes.process(frame).detections or []:
            b = hit.location_data.relative_bounding_box
            box = np.array([b.xmin, b.ymin, b.width, b.height]) * [width, height, width, height]
            boxes.append((box, hit.score[0]))
        return boxes

    def _look_closer(self, frame: np.ndarray, box: np.ndarray) -> list[Face]:
        x, y, w, h = box
        side = 2 * max(w, h)
        x0, y0 = (int(max(0, v)) for v in (x + w / 2 - side / 2, y + h / 2 - side / 2))
        cut = np.ascontiguousarray(frame[y0 : int(y0 + side), x0 : int(x0 + side)])
        if min(cut.shape[:2]) < 16:
            return []
        return _faces(self._still, cut, x0, y0)


def _faces(model: object, image: np.ndarray, x0: float = 0, y0: float = 0) -> list[Face]:
    """What a mesh model finds in a part of a frame that begins at x0, y0."""
    height, width = image.shape[:2]
    out = []
    for mesh in model.process(image).multi_face_landmarks or []:
        p = np.array([(q.x * width + x0, q.y * height + y0, q.z * width) for q in mesh.landmark], "f4")
        low, high = p[:, :2].min(0), p[:, :2].max(0)
        out.append(Face(np.r_[low, high - low], p[:, :2].copy(), p[:, 2].copy(), 0.0))
    return out


def nearest(found: list[Face], near: Face | None) -> Face | None:
    """The face that is where `near` is, within its iris distance; None when there is none, or nobody to look for."""
    far = _far(near, found) if near else []
    return found[int(np.argmin(far))] if far and min(far) < 1 else None


def _far(face: Face, others: list[Face]) -> list[float]:
    """How far each of some faces is from a face, in its iris distances."""
    here, ruler = face.landmarks.mean(0), max(iris_distance(face.landmarks), 1e-3)
    return [float(np.linalg.norm(one.landmarks.mean(0) - here)) / ruler for one in others]


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


def align(landmarks: np.ndarray, size: int) -> np.ndarray:
    """The similarity (2, 3) from the frame to an aligned crop of size × size pixels; landmarks (≥ 468, 2)."""
    face = canonical()[:, :2]
    low, high = face[OVAL].min(0), face[OVAL].max(0)
    target = (face - (low + high) / 2) / ((high - low).max() * COVERAGE) * size + size / 2
    keep = ANCHOR + OVAL
    return similarity(landmarks[keep], target[keep])


def crop(frame: np.ndarray, m: np.ndarray, size: int) -> np.ndarray:
    """The aligned crop (size, size, 3) of a frame through the similarity m (2, 3)."""
    way = cv2.INTER_AREA if np.hypot(m[0, 0], m[0, 1]) < 0.6 else cv2.INTER_CUBIC
    return cv2.warpAffine(frame, m, (size, size), flags=way, borderMode=cv2.BORDER_REPLICATE)


def mask(landmarks: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The face's outline filled: uint8 (H, W), 255 inside the oval of landmarks (≥ 468, 2)."""
    return cv2.fillPoly(np.zeros(shape[:2], "u1"), [np.round(landmarks[OVAL]).astype("i4")], 255)


def eye_distance(landmarks: np.ndarray) -> float:
    """Pixels between the outer eye corners; the ruler of this kit."""
    return float(np.linalg.norm(landmarks[263] - landmarks[33]))


def sharpness(image: np.ndarray, inside: np.ndarray) -> float:
    """Standard deviation of the Laplacian after a Gaussian of 0.8 px, over the pixels where inside (H, W) is set."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype("f4"), (0, 0), 0.8)
    return float(cv2.Laplacian(grey, cv2.CV_32F)[inside > 0].std())


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
    """Yaw, pitch, roll in degrees: positive is a turn to the picture's right, a nod down, a tilt clockwise."""
    _, r, _ = rigid(canonical(), np.c_[landmarks, depth][:POINTS], ANCHOR + OVAL)
    ahead, across = np.array([0, 0, -1]) @ r, np.array([1, 0, 0]) @ r
    yaw = np.degrees(np.arctan2(ahead[0], -ahead[2]))
    pitch = np.degrees(np.arctan2(ahead[1], np.hypot(ahead[0], ahead[2])))
    return float(yaw), float(pitch), float(np.degrees(np.arctan2(across[1], across[0])))


@lru_cache(maxsize=1)
def _recogniser() -> object:
    # find_spec, because importing the package needs pkg_resources, which setuptools has dropped
    import dlib

    folder = Path(find_spec("face_recognition_models").origin).parent / "models"
    return dlib.face_recognition_model_v1(str(folder / "dlib_face_recognition_resnet_model_v1.dat"))


def embed(frame: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """A face's likeness as 128 numbers (dlib's ResNet, CC0): two pictures of one person are under 0.6 apart."""
    return recognise(chip(frame, landmarks))


def chip(frame: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """What the recogniser looks at: the face upright, uint8 (150, 150, 3), cut by its 68 points."""
    import dlib

    p = landmarks[IBUG]
    low, high = np.floor(p.min(0)).astype(int), np.ceil(p.max(0)).astype(int)
    shape = dlib.full_object_detection(
        dlib.rectangle(*map(int, (*low, *high))), dlib.points([dlib.point(int(round(x)), int(round(y))) for x, y in p])
    )
    return dlib.get_face_chip(np.ascontiguousarray(frame), shape, 150, 0.25)


def recognise(picture: np.ndarray) -> np.ndarray:
    """The likeness (128,) of a chip. It holds Python's lock, so threads gain nothing and processes do."""
    return np.array(_recogniser().compute_face_descriptor(picture), "f4")
