"""Whose face it is, and whether it is the right way up: dlib's recogniser, and its detector of upright faces."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from faceswap_lib.face.anatomy import IBUG

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
