"""Whose face it is: dlib's recogniser, and a video's faces followed from frame to frame and grouped into people."""

from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib.face.anatomy import IBUG
from faceswap_lib.face.geometry import overlap

SAME_PERSON = 0.55  # dlib's recogniser: its authors part people at 0.6; frames of one video are alike, so be stricter
SAME_SHOT = 0.8  # correlation of a face with itself a frame ago, over 0.9 in the built-in clips and 0.4 across a cut


@dataclass
class Track:
    """A face followed from frame to frame: where it was last and how it looked, its records, and a few likenesses."""

    box: np.ndarray
    last: int
    look: np.ndarray
    records: list[int] = field(default_factory=list)
    likeness: list[np.ndarray] = field(default_factory=list)


def look(picture: np.ndarray) -> np.ndarray:
    """How an aligned face (S, S, 3) looks, float32 (16, 16) of mean 0 and length 1.

    The product of two is their correlation, which a change of light hardly touches.
    """
    small = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (16, 16), interpolation=cv2.INTER_AREA).astype("f4")
    small -= small.mean()
    return small / (np.linalg.norm(small) + 1e-6)


def follow(tracks: list[Track], box: np.ndarray, index: int, taken: set[int], seen: np.ndarray) -> Track:
    """The track that a face of frame `index` goes on with, a new one where none fits; box (4,), seen: its `look`.

    taken: ids of the tracks that another face of this frame goes on with.
    """
    live = [t for t in tracks if index - t.last <= 2 and id(t) not in taken and (t.look * seen).sum() > SAME_SHOT]
    best = max(live, key=lambda t: overlap(t.box, box), default=None)
    if best is None or overlap(best.box, box) < 0.3:
        best = Track(box, index, seen)
        tracks.append(best)
    best.box, best.last, best.look = box, index, seen
    return best


def people(tracks: list[Track]) -> list[list[Track]]:
    """Tracks grouped by likeness, the person with the most faces first."""
    found: list[list[Track]] = []
    for track in sorted(tracks, key=lambda t: -len(t.records)):
        mine = np.mean(track.likeness, 0)
        far = [np.linalg.norm(np.mean([x for t in p for x in t.likeness], 0) - mine) for p in found]
        if far and min(far) < SAME_PERSON:
            found[int(np.argmin(far))].append(track)
        else:
            found.append([track])
    return sorted(found, key=lambda p: -sum(len(t.records) for t in p))


@lru_cache(maxsize=1)
def _recogniser() -> object:
    # find_spec, because importing the package needs pkg_resources, which setuptools has dropped
    import dlib

    folder = Path(find_spec("face_recognition_models").origin).parent / "models"
    return dlib.face_recognition_model_v1(str(folder / "dlib_face_recognition_resnet_model_v1.dat"))


@lru_cache(maxsize=1)
def _frontal() -> object:
    import dlib

    return dlib.get_frontal_face_detector()


def uprightness(picture: np.ndarray) -> float:
    """How much of a face the right way up is in a picture (H, W, 3), 80 pixels high or more: above 0 it is one.

    The score of dlib's frontal detector: gradients under a sliding window (Dalal & Triggs 2005), which know no turns.
    """
    _, scores, _ = _frontal().run(picture, 0, -2.0)
    return max(scores, default=-2.0)


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
