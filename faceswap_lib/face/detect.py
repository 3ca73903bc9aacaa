"""Find faces and hands in a frame: the only file that knows MediaPipe.

Points are float32 pixels of the upright frame, x right, y down; depth is in the unit of x, smaller is nearer.
"""

import sys
from dataclasses import dataclass
from types import ModuleType

import cv2
import numpy as np

from faceswap_lib.face.geometry import iris_distance, overlap
from faceswap_lib.face.identity import uprightness
from faceswap_lib.face.people import SAME_SHOT, look

HASTE = 0.3  # iris distances that a face goes from one frame to the next, beyond which it is looked at twice
EVERY = 24  # frames from one look at how the picture is turned to the next
# `uprightness` of the built-in and some real faces: the right way up 0.7 to 3, any other way up to 0.7, and then at
# least 1.3 less than the right way. SURE: no other way is looked at; LIKELY, by so much MORE: the picture is turned
SURE, LIKELY, MORE = 1.0, 0.5, 0.5


@dataclass
class Face:
    """One face in one frame: box (4,) x y w h, landmarks (478, 2), depth (478,), detector's score 0..1 (0: tracked)."""

    box: np.ndarray
    landmarks: np.ndarray
    depth: np.ndarray
    score: float


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
    """Finds every face of a frame; a context manager, to be fed one video's frames in order (it tracks).

    MediaPipe lays an upright face on one that stands on its head, the mouth on the forehead. So now and then another
    judge looks whether the picture is turned, and it is then searched turned back: `turned`, quarter turns clockwise.
    """

    def __init__(self, most: int = 4):
        solutions = mediapipe().solutions
        mesh = solutions.face_mesh.FaceMesh
        self._track = mesh(static_image_mode=False, max_num_faces=most, refine_landmarks=True)
        self._still = mesh(static_image_mode=True, max_num_faces=1, refine_landmarks=True)
        self._boxes = solutions.face_detection.FaceDetection(model_selection=1, min_detection_confidence=0.5)
        self._last: list[Face] = []
        self._before: list[Face] = []
        self._shot = None
        self._count = self.turned = 0

    def __enter__(self) -> "Detector":
        return self

    def __exit__(self, *_: object) -> None:
        for part in (self._track, self._still, self._boxes):
            part.close()

    def detect(self, frame: np.ndarray, near: Face | None = None) -> list[Face]:
        """Faces of one frame (H, W, 3) uint8, the largest first; small ones are searched for in an enlarged cut.

        near: the only one wanted is where this one is; where it is tracked, there is no search, in half the time.
        """
        found, shot = self._search(frame, near), look(frame[::8, ::8])
        if self._count % EVERY == 0 or self._changed(found, shot):
            turned = self._way_up(frame, found)
            if turned != self.turned:
                self.turned, self._last = turned, []
                self._track.reset()
                found = self._search(frame, near)
        self._count, self._before, self._shot = self._count + 1, found, shot
        return found

    def _search(self, frame: np.ndarray, near: Face | None) -> list[Face]:
        view = _view(frame, self.turned)
        near = near and _turn(near, self.turned, frame.shape)
        found = self._follow(view)
        for box, score in [] if nearest(found, near) else self._detect_boxes(view):
            same = [face for face in found if overlap(face.box, box) > 0.2]
            if not same:
                found += self._look_closer(view, box)
                same = [face for face in found if overlap(face.box, box) > 0.2]
            for face in same:
                face.score = max(face.score, score)
        found = [_turn(face, -self.turned, view.shape) for face in found]
        return sorted(found, key=lambda face: -face.box[2] * face.box[3])

    def _changed(self, found: list[Face], shot: np.ndarray) -> bool:
        """Whether there was a cut since the frame before, or faces came, went or jumped."""
        cut = (shot * self._shot).sum() < SAME_SHOT or len(found) != len(self._before)
        return cut or any(min(_far(face, self._before)) > 1 for face in found)

    def _way_up(self, frame: np.ndarray, found: list[Face]) -> int:
        """The quarter turns clockwise after which faces of a frame are upright; as before where that is not sure."""
        own = [_turn(face, self.turned, frame.shape).box for face in found]
        scores = {self.turned: _upright(_view(frame, self.turned), own)}
        if scores[self.turned] > SURE:
            return self.turned
        for turn in {0, 1, 2, 3} - {self.turned}:
            view = _view(frame, turn)
            scores[turn] = _upright(view, [box for box, _ in self._detect_boxes(view)])
        best = max(scores, key=scores.get)
        return best if scores[best] > max(LIKELY, scores[self.turned] + MORE) else self.turned

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


def _view(frame: np.ndarray, turns: int) -> np.ndarray:
    """A frame after so many quarter turns clockwise."""
    return np.ascontiguousarray(np.rot90(frame, -turns)) if turns else frame


def _turn(face: Face, turns: int, shape: tuple[int, ...]) -> Face:
    """A face of a frame of that shape, where it is after so many quarter turns of the frame clockwise."""
    (height, width), p = shape[:2], face.landmarks
    for _ in range(turns % 4):
        p, height, width = np.stack([height - 1 - p[:, 1], p[:, 0]], 1), width, height
    low, high = p.min(0), p.max(0)
    return Face(np.r_[low, high - low], p, face.depth, face.score) if turns else face


def _upright(view: np.ndarray, boxes: list[np.ndarray]) -> float:
    """How upright the most upright of some faces of a frame is; of none at all, as little as can be."""
    return max((uprightness(_around(view, box)) for box in boxes), default=-9.0)


def _around(view: np.ndarray, box: np.ndarray, size: int = 200) -> np.ndarray:
    """The square (size, size, 3) around a face's box, twice as wide."""
    scale = size / (2 * max(*box[2:], 1))
    m = np.c_[np.eye(2) * scale, size / 2 - (box[:2] + box[2:] / 2) * scale]
    way = cv2.INTER_AREA if scale < 0.6 else cv2.INTER_LINEAR
    return cv2.warpAffine(view, m, (size, size), flags=way, borderMode=cv2.BORDER_REPLICATE)


def nearest(found: list[Face], near: Face | None) -> Face | None:
    """The face that is where `near` is, within its iris distance; None when there is none, or nobody to look for."""
    far = _far(near, found) if near else []
    return found[int(np.argmin(far))] if far and min(far) < 1 else None


def _far(face: Face, others: list[Face]) -> list[float]:
    """How far each of some faces is from a face, in its iris distances."""
    here, ruler = face.landmarks.mean(0), max(iris_distance(face.landmarks), 1e-3)
    return [float(np.linalg.norm(one.landmarks.mean(0) - here)) / ruler for one in others]


class Hands:
    """Finds the hands of a frame, half hidden ones too; to be fed one video's frames in order, gaps are allowed."""

    def __init__(self) -> None:
        self._track = mediapipe().solutions.hands.Hands(min_detection_confidence=0.2, min_tracking_confidence=0.2)
        self._last: list[np.ndarray] = []

    def covers(self, frame: np.ndarray) -> list[np.ndarray]:
        """What each hand in a frame (H, W, 3) uint8 covers: uint8 (H, W), 255 on palm and fingers."""
        points = ([[q.x, q.y] for q in hand.landmark] for hand in self._track.process(frame).multi_hand_landmarks or ())
        found = [_cover(np.array(one) * frame.shape[1::-1], frame.shape[:2]) for one in points]
        found, self._last = found or self._last, found  # one missed for once is where it was
        return found


def _cover(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    palm, spots = [0, 1, 5, 9, 13, 17], np.round(points).astype("i4")  # each finger has four points, from 1 on
    thick = 0.15 * (np.linalg.norm(points[0] - points[9]) + 1.2 * np.linalg.norm(points[5] - points[17]))
    out = cv2.fillConvexPoly(np.zeros(shape, "u1"), cv2.convexHull(spots[palm]), 255)
    return cv2.polylines(out, [spots[palm], *spots[1:].reshape(5, 4, 2)], False, 255, max(1, round(thick)))
