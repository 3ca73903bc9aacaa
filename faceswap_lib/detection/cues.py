"""Cues that people were taught to look for, each as a number of a face: the higher, the more it speaks for a swap.

Nothing is trained here. A cue is right about what it was made for, and blind to the rest; measured against recordings
it has an AUC like any detector.
"""

from collections.abc import Mapping

import cv2
import numpy as np

from faceswap_lib.detection import scores
from faceswap_lib.detection.crops import SIZE, Faces
from faceswap_lib.detection.scores import Scored
from faceswap_lib.face import anatomy, geometry
from faceswap_lib.measure import metrics

JAW = anatomy.OVAL[6:31]  # cheeks and jaw: above them is hair, which ends anyhow
STEP = 0.18  # iris distances to either side of the outline
OPEN = 0.04  # eye distances between the lips from which on teeth may be seen
SHUT = 0.6  # of its usual opening: an eye that is less open is blinking


def spectrum(faces: Faces) -> np.ndarray:
    """Fine detail around the face over that inside it: what a network draws is smoother than what a lens sees."""
    return np.array([np.log(_fine(p, ~_face(q)) / _fine(p, _face(q))) for p, q in _each(faces)])


def border(faces: Faces) -> np.ndarray:
    """How much the colour steps across the outline of cheeks and jaw (CIE Lab)."""
    return np.array([_step(p, q) for p, q in _each(faces)])


def colour(faces: Faces) -> np.ndarray:
    """How far the cheeks' colour, but for its brightness, is from the neck's."""
    return np.array([_apart(p, q) for p, q in _each(faces)])


def flicker(faces: Faces) -> np.ndarray:
    """How the face trembles from frame to frame, over how what is around it does; NaN without two frames before."""
    out = np.full(len(faces), np.nan)
    small = [cv2.GaussianBlur(p, (0, 0), 1.0).astype("f4") for p in faces.pictures]
    for k in range(2, len(faces)):
        if faces.frames[k] - faces.frames[k - 2] == 2:
            moved, inside = np.abs(small[k] - 2 * small[k - 1] + small[k - 2]).mean(2), _face(faces.points[k])
            out[k] = np.log((moved[inside].mean() + 0.1) / (moved[~inside].mean() + 0.1))
    return out


def teeth(faces: Faces) -> np.ndarray:
    """How little detail there is between open lips, beside the face's; NaN where they are shut."""
    return np.array([_mouth(p, q) for p, q in _each(faces)])


CUES = {"spectrum": spectrum, "border": border, "colour": colour, "flicker": flicker, "teeth": teeth}


def table(real: Faces, fakes: Mapping[str, Faces]) -> list[dict]:
    """Each cue's AUC with its interval on each kind of fake: a dict a cue, fake -> Auc (None where it cannot say)."""
    rows = []
    for name, cue in CUES.items():
        plain = cue(real)
        rows.append({"cue": name} | {kind: _auc(plain, cue(faces), real, faces) for kind, faces in fakes.items()})
    return rows


def blinks(eyes: list[float | None]) -> int:
    """How often eyes shut: openings over time, None where none was measured."""
    known = np.array([np.nan if x is None else x for x in eyes], float)
    shut = known < SHUT * np.nanmedian(known)
    return int((np.diff(np.r_[0, shut.astype(int)]) == 1).sum())


def _auc(plain: np.ndarray, swapped: np.ndarray, real: Faces, fake: Faces) -> scores.Auc | None:
    score = np.r_[plain, swapped]
    told, there = np.repeat([False, True], [len(plain), len(swapped)]), np.isfinite(score)
    if len(set(told[there])) < 2:
        return None
    return scores.auc(Scored(score[there], told[there], np.r_[real.blocks, fake.blocks][there]))


def _each(faces: Faces) -> zip:
    return zip(faces.pictures, faces.points, strict=True)


def _face(points: np.ndarray) -> np.ndarray:
    return geometry.mask(points, (SIZE, SIZE)) > 0


def _fine(picture: np.ndarray, inside: np.ndarray) -> float:
    return metrics.sharpness(picture, inside) + 0.05


def _lab(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture.astype("f4") / 255, cv2.COLOR_RGB2LAB)


def _step(picture: np.ndarray, points: np.ndarray) -> float:
    ruler, middle = geometry.iris_distance(points), points[anatomy.OVAL].mean(0)
    edge = points[JAW]
    away = (edge - middle) / np.linalg.norm(edge - middle, axis=1, keepdims=True) * STEP * ruler
    soft = cv2.GaussianBlur(_lab(picture), (0, 0), STEP * ruler / 3)
    inner, outer = (_at(soft, place) for place in (edge - away, edge + away))
    return float(np.linalg.norm(inner - outer, axis=1).mean())


def _apart(picture: np.ndarray, points: np.ndarray) -> float:
    ruler, down = geometry.iris_distance(points), points[152] - points[1]
    below = points[152] + down / np.linalg.norm(down) * 0.35 * ruler
    soft = cv2.GaussianBlur(_lab(picture), (0, 0), 0.12 * ruler)
    neck, cheeks = _at(soft, below[None])[0], _at(soft, points[[50, 280]]).mean(0)
    return float(np.linalg.norm((neck - cheeks)[1:]))


def _at(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A picture's values (N, 3) at places (N, 2), bilinear."""
    x, y = np.ascontiguousarray(places.T, "f4")
    return cv2.remap(picture, x[:, None], y[:, None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]


def _mouth(picture: np.ndarray, points: np.ndarray) -> float:
    if metrics.openings(points)[1] < OPEN:
        return np.nan
    hull = np.round(points[anatomy.MOUTH]).astype("i4")
    inside = cv2.fillPoly(np.zeros(picture.shape[:2], "u1"), [hull], 1) > 0
    return float(np.log(_fine(picture, _face(points)) / _fine(picture, inside)))
