"""Whose face it is, and whether it is the right way up: dlib's recogniser, and its detector of upright faces."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import numpy as np

from faceswap_lib import UserError
from faceswap_lib.face.anatomy import IBUG
from faceswap_lib.face.faceset import Faceset, evenly
from faceswap_lib.face.geometry import transform

ONE = Lock()  # dlib's detector keeps its picture in itself and lets go of Python's lock: two threads at once crash it
SAME_PERSON = 0.55  # dlib's recogniser: its authors part people at 0.6; frames of one video are alike, so be stricter


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
    with ONE:
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


def likeness(found: Faceset, most: int = 3) -> list[float]:
    """A faceset's person as 128 numbers, the mean of a few of its pictures; [] where there is none."""
    if not len(found.usable):
        return []
    pick = found.usable[evenly(most, len(found.usable), ends=False)]
    points = [transform(found.transform(i), found.records[i].landmarks) for i in pick]
    seen = [embed(picture, p) for picture, p in zip(found.images(pick), points, strict=True)]
    return np.round(np.mean(seen, 0), 4).tolist()


def apart(one: list[float], other: list[float]) -> float:
    """How far two likenesses are apart; below SAME_PERSON they are taken for one person's."""
    return float(np.linalg.norm(np.subtract(one, other)))


def distinct(sets: dict[str, Faceset]) -> dict[str, Faceset]:
    """The facesets of A and B, as they are; UserError where both hold the same faces of one video."""
    a, b = sets["a"], sets["b"]
    mine, theirs = ({(r.frame, *r.box) for r in (f.records[i] for i in f.usable)} for f in (a, b))
    if a.source.sha256 == b.source.sha256 and mine & theirs:
        raise UserError(
            f"{a.folder} and {b.folder} hold the same faces of {a.source.name}; give the facesets of two people, "
            "or extract another person of this video with --person."
        )
    return sets


def alike(one: list[float], other: list[float]) -> bool:
    """Whether two likenesses are one person's; what is not known is not alike."""
    return len(one) == len(other) == 128 and apart(one, other) < SAME_PERSON
