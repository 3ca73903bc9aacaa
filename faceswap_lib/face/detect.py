"""Find faces and hands in a frame: the only file that knows MediaPipe.

Points are float32 pixels of the upright frame, x right, y down; depth is in the unit of x, smaller is nearer.
"""

import sys
from threading import Lock
from types import ModuleType
from weakref import finalize

import cv2
import numpy as np

from faceswap_lib.face import seen
from faceswap_lib.face.identity import uprightness
from faceswap_lib.face.people import SAME_SHOT, look
from faceswap_lib.face.seen import Face, Shown, far, nearest, scored

ONE = Lock()  # imports MediaPipe
HASTE = 0.3  # iris distances that a face goes from one frame to the next, beyond which it is looked at twice
EVERY = 24  # frames from one look at how the picture is turned to the next
AGAIN = 8  # frames from one search for others to the next, while nothing changes
CLOSE = 0.01  # iris distances between what two mesh models make of a face
# `uprightness` of the built-in and some real faces: the right way up 0.7 to 3, any other way up to 0.7, and then at
# least 1.3 less than the right way. SURE: no other way is looked at; LIKELY, by so much MORE: the picture is turned
SURE, LIKELY, MORE = 1.0, 0.5, 0.5


def mediapipe() -> ModuleType:
    """MediaPipe without TensorFlow, which it imports for a docs helper only (20 s and 830 MB become 4 s and 190).

    A TensorFlow that is there stays, for it may be at work in another thread.
    """
    with ONE:
        hidden = not {"mediapipe", "tensorflow"} & sys.modules.keys()
        if hidden:
            sys.modules["tensorflow"] = None
        try:
            import mediapipe as found
        finally:
            if hidden:
                del sys.modules["tensorflow"]
    return found


class Detector:
    """Finds every face of a frame; a context manager, to be fed one video's frames in order (it tracks).

    While nothing changes, the faces there are followed and no others are searched for, but every AGAIN frames; a cut, a
    face that goes or jumps brings a search at once. MediaPipe lays an upright face on one that stands on its head, the
    mouth on the forehead. So now and then another judge looks whether the picture is turned, and it is then searched
    turned back: `turned`, quarter turns clockwise.
    """

    def __init__(self, most: int = 4):
        solutions = mediapipe().solutions
        self._mesh, self._most, self._meshes = solutions.face_mesh.FaceMesh, most, {}
        self._track = self._following(most)
        self._still = self._mesh(static_image_mode=True, max_num_faces=1, refine_landmarks=True)
        self._boxes = solutions.face_detection.FaceDetection(model_selection=1, min_detection_confidence=0.5)
        self._last: list[Face] = []
        self._before: list[Face] = []
        self._shot = self._canvas = None
        self._count = self._looked = self._calm = self.turned = 0

    def __enter__(self) -> "Detector":
        return self

    def __exit__(self, *_: object) -> None:
        for part in (*self._meshes.values(), self._still, self._boxes):
            part.close()

    def detect(self, frame: np.ndarray | Shown, near: Face | None = None) -> list[Face]:
        """Faces of one frame (H, W, 3) uint8, the largest first; small ones are searched for in an enlarged cut.

        near: the only one wanted is where this one is; where it is tracked, there is no search, in half the time.
        """
        shown = Shown(frame) if isinstance(frame, np.ndarray) else frame
        shot = look(shown.small())
        found = self._search(shown, shot, near)
        if self._count % EVERY == 0 or self._changed(found, shot):
            turned = self._way_up(shown.whole(), found)
            if turned != self.turned:
                self.turned, self._last, self._calm = turned, [], 0
                self._track.reset()
                found = self._search(shown, shot, near)
        self._count, self._before, self._shot = self._count + 1, found, shot
        return found

    def _search(self, shown: Shown, shot: np.ndarray, near: Face | None) -> list[Face]:
        """The faces that are followed while that is enough, or those that a search finds."""
        found = self._followed(shown) if self._calm else []
        calm = self._calm and len(found) == self._calm and not self._changed(found, shot)
        if calm and (nearest(found, near) if near else self._count - self._looked < AGAIN):
            return found
        known = [seen.turn(face, self.turned, shown.shape) for face in found] if calm else []
        view = seen.view(shown.whole(), self.turned)
        found = self._searched(view, known, near and seen.turn(near, self.turned, shown.shape))
        found = [seen.turn(face, -self.turned, view.shape) for face in found]
        return sorted(found, key=lambda face: -face.box[2] * face.box[3])

    def _searched(self, view: np.ndarray, known: list[Face], near: Face | None) -> list[Face]:
        """All faces of a view; known: those that are followed, and stay as they were found."""
        boxes = self._detect_boxes(view) if known else None
        if known and all(seen.same(known, box) for box, _ in boxes):
            self._looked = self._count
            return scored(known, boxes)
        if self._calm:
            self._calm = 0
            self._track.reset()
        tracked = self._follow(self._track, view)
        found = known + [face for face in tracked if not seen.same(known, face.box)]
        if boxes is None:
            boxes = [] if nearest(found, near) else self._detect_boxes(view)
        for box, _ in boxes:
            found += [] if seen.same(found, box) else self._look_closer(view, box)
        if len(found) == len(tracked):
            self._calm_down(view, tracked)
        return scored(found, boxes)

    def _calm_down(self, view: np.ndarray, tracked: list[Face]) -> None:
        """From the next frame on only follow these faces, with a mesh model for so many, if it finds them here too."""
        many = len(tracked)
        if not 0 < many <= self._most or self._count < self._looked:
            return
        fits = many == self._most
        if not fits:
            if many in self._meshes:
                self._meshes[many].reset()
            model = self._following(many)
            twice = (_faces(model, view) for _ in range(2))  # a second time from where it saw them itself
            fits = any(len(got) == many and max(min(far(f, tracked)) for f in got) < CLOSE for got in twice)
        self._calm, self._looked = (many, self._count) if fits else (0, self._count + AGAIN)

    def _following(self, many: int) -> object:
        """A mesh model that follows so many faces; while it has them, it does not search."""
        if many not in self._meshes:
            self._meshes[many] = self._mesh(static_image_mode=False, max_num_faces=many, refine_landmarks=True)
        return self._meshes[many]

    def _followed(self, shown: Shown) -> list[Face]:
        view = self._around(shown)
        found = self._follow(self._meshes[self._calm], view, shown)
        found = [seen.turn(face, -self.turned, view.shape) for face in found]
        for face in found:
            face.score = self._before[int(np.argmin(far(face, self._before)))].score
        return sorted(found, key=lambda face: -face.box[2] * face.box[3])

    def _changed(self, found: list[Face], shot: np.ndarray) -> bool:
        """Whether there was a cut since the frame before, or faces came, went or jumped."""
        cut = (shot * self._shot).sum() < SAME_SHOT or len(found) != len(self._before)
        return cut or any(min(far(face, self._before)) > 1 for face in found)

    def _way_up(self, frame: np.ndarray, found: list[Face]) -> int:
        """The quarter turns clockwise after which faces of a frame are upright; as before where that is not sure."""
        own = [seen.turn(face, self.turned, frame.shape).box for face in found]
        scores = {self.turned: _upright(seen.view(frame, self.turned), own)}
        if scores[self.turned] > SURE:
            return self.turned
        for turn in {0, 1, 2, 3} - {self.turned}:
            view = seen.view(frame, turn)
            scores[turn] = _upright(view, [box for box, _ in self._detect_boxes(view)])
        best = max(scores, key=scores.get)
        return best if scores[best] > max(LIKELY, scores[self.turned] + MORE) else self.turned

    def _follow(self, model: object, view: np.ndarray, shown: Shown | None = None) -> list[Face]:
        """The tracked faces; MediaPipe looks where they were, so it looks once more where one went far (HASTE).

        shown: the frame, of which the view may hold only what is around the faces.
        """
        found = _faces(model, view)
        if self._last and any(min(far(face, self._last)) > HASTE for face in found):
            found = _faces(model, seen.view(shown.whole(), self.turned) if shown else view)
        self._last = found
        return found

    def _around(self, shown: Shown) -> np.ndarray:
        """A view in which all is there that is looked at while one face is followed; elsewhere are older frames."""
        if self._calm > 1 or self.turned or isinstance(shown, Shown):
            return seen.view(shown.whole(), self.turned)
        piece, (x, y) = shown.piece(*seen.looked_at(self._last[0]))
        if self._canvas is None or self._canvas.shape != shown.shape:
            self._canvas = np.zeros(shown.shape, "u1")
        self._canvas[y : y + piece.shape[0], x : x + piece.shape[1]] = piece
        out = self._canvas.view()
        out.flags.writeable = False  # or MediaPipe would copy it
        return out

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


def _upright(view: np.ndarray, boxes: list[np.ndarray]) -> float:
    """How upright the most upright of some faces of a frame is; of none at all, as little as can be."""
    return max((uprightness(_around(view, box)) for box in boxes), default=-9.0)


def _around(view: np.ndarray, box: np.ndarray, size: int = 200) -> np.ndarray:
    """The square (size, size, 3) around a face's box, twice as wide."""
    scale = size / (2 * max(*box[2:], 1))
    m = np.c_[np.eye(2) * scale, size / 2 - (box[:2] + box[2:] / 2) * scale]
    way = cv2.INTER_AREA if scale < 0.6 else cv2.INTER_LINEAR
    return cv2.warpAffine(view, m, (size, size), flags=way, borderMode=cv2.BORDER_REPLICATE)


class Hands:
    """Finds the hands of a frame, half hidden ones too; to be fed one video's frames in order, gaps are allowed."""

    def __init__(self) -> None:
        self._track, self._last = None, []

    def reset(self) -> None:
        """Begin with a new video: the next frame has nothing to do with the last."""
        if self._track:
            self._track.reset()
        self._last = []

    def covers(self, frame: np.ndarray) -> list[np.ndarray]:
        """What each hand in a frame (H, W, 3) uint8 covers: uint8 (H, W), 255 on palm and fingers."""
        if not self._track:
            known = mediapipe().solutions.hands
            self._track = known.Hands(min_detection_confidence=0.2, min_tracking_confidence=0.2)
            finalize(self, self._track.close).atexit = False  # it keeps 85 MB of what is not closed
        points = ([[q.x, q.y] for q in hand.landmark] for hand in self._track.process(frame).multi_hand_landmarks or ())
        found = [_cover(np.array(one) * frame.shape[1::-1], frame.shape[:2]) for one in points]
        found, self._last = found or self._last, found  # one missed for once is where it was
        return found


def _cover(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    palm, spots = [0, 1, 5, 9, 13, 17], np.round(points).astype("i4")  # each finger has four points, from 1 on
    thick = 0.15 * (np.linalg.norm(points[0] - points[9]) + 1.2 * np.linalg.norm(points[5] - points[17]))
    out = cv2.fillConvexPoly(np.zeros(shape, "u1"), cv2.convexHull(spots[palm]), 255)
    return cv2.polylines(out, [spots[palm], *spots[1:].reshape(5, 4, 2)], False, 255, max(1, round(thick)))
