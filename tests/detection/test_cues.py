"""cues.py: each cue rises with what it was made for, and not with something else."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from faceswap_lib.detection import crops, cues
from faceswap_lib.detection.crops import Faces
from faceswap_lib.face import anatomy, faceset, geometry
from faceswap_lib.measure import metrics


@pytest.fixture(scope="module")
def real(short, facesets) -> Faces:
    return crops.cut(crops.frames_of(short["a"]), faceset.load(facesets["a"]))


def changed(faces: Faces, change, soft: float = 1.0) -> Faces:
    """The faces with what is inside their outline changed."""
    out = []
    for picture, points in zip(faces.pictures, faces.points, strict=True):
        mask = cv2.GaussianBlur(geometry.mask(points, picture.shape).astype("f4") / 255, (0, 0), soft)[..., None]
        out.append((picture * (1 - mask) + change(picture.astype("f4")) * mask).clip(0, 255).astype("u1"))
    return replace(faces, pictures=np.stack(out))


@pytest.mark.parametrize(
    ("change", "notice", "blind"),
    [
        (lambda p: cv2.GaussianBlur(p, (0, 0), 2.5), {"spectrum"}, {"colour"}),
        (lambda p: p + np.array([40, 0, -30]), {"border", "colour"}, {"flicker"}),
    ],
)
def test_a_cue_notices_what_it_was_made_for(real, change, notice, blind):
    broken = changed(real, change)
    for name in notice:
        assert (cues.CUES[name](broken) > cues.CUES[name](real)).mean() > 0.9, name
    for name in blind:
        before, after = cues.CUES[name](real), cues.CUES[name](broken)
        assert np.nanmean(np.abs(after - before)) < 0.5 * np.nanstd(before) + 0.3, name


def test_a_face_that_trembles_flickers(real):
    whole = replace(real, frames=np.arange(len(real)))  # as if they followed one another
    rng = np.random.default_rng(0)
    shaken = changed(whole, lambda p: p + rng.normal(0, 6))
    before, after = cues.flicker(whole), cues.flicker(shaken)
    assert np.isnan(before[:2]).all() and np.nanmean(after) > np.nanmean(before) + 0.2


def test_teeth_are_asked_for_only_in_an_open_mouth(real):
    said = cues.teeth(real)
    shut = np.array([metrics.openings(points)[1] < cues.OPEN for points in real.points])
    assert (np.isnan(said) == shut).all()
    picture, points = real.pictures[0], real.points[0].copy()
    points[anatomy.MOUTH[11:]] += [0, 12]  # the lower lip drops
    between = cv2.fillPoly(np.zeros(picture.shape[:2], "u1"), [np.round(points[anatomy.MOUTH]).astype("i4")], 1) > 0
    blurred, toothed = (np.where(between[..., None], fill, picture).astype("u1") for fill in (60, _stripes(picture)))
    assert cues._mouth(blurred, points) > cues._mouth(toothed, points) + 1


def _stripes(picture: np.ndarray) -> np.ndarray:
    return np.where(np.arange(picture.shape[1])[None, :, None] // 4 % 2, 230, 30)


def test_eyes_that_shut_and_open_are_counted():
    assert cues.blinks([0.3] * 5 + [0.1] * 2 + [0.3] * 6 + [None] + [0.05] + [0.3]) == 2
    assert cues.blinks([0.3, 0.29, 0.31]) == 0


def test_the_table_has_a_line_a_cue_and_a_clip_beside_itself_is_a_coin(real):
    rows = cues.table(real, {"itself": real, "blurred": changed(real, lambda p: cv2.GaussianBlur(p, (0, 0), 2.5))})
    assert [row["cue"] for row in rows] == list(cues.CUES)
    assert rows[0]["itself"].value == 0.5 and rows[0]["blurred"].low > 0.8
