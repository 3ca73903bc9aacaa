"""outline.py on a drawn head whose outline is known, and on a clip's own points."""

import cv2
import numpy as np
import pytest

from faceswap_lib.compose import outline
from faceswap_lib.face import anatomy
from faceswap_lib.face.mesh import canvas

SIZE = 320


def head(wide: float) -> np.ndarray:
    """Points (478, 2) of a canonical face so much wider than it is, at one place in the picture."""
    flat = np.r_[anatomy.canonical(), np.repeat(anatomy.canonical()[[159, 386]], 5, 0)][:, :2]
    return (flat * [wide, 1] * 90 + SIZE / 2).astype("f4")


def picture(points: np.ndarray) -> np.ndarray:
    """A bright head on dark, stripes behind it."""
    out = np.full((SIZE, SIZE, 3), 30, "u1")
    out[:, ::40] = 90
    return cv2.fillPoly(out, [np.round(points[anatomy.OVAL]).astype("i4")], (220, 180, 160))


def mask(image: np.ndarray) -> np.ndarray:
    return image[..., 0] > 150


@pytest.mark.parametrize("wide", [0.85, 1.15])
def test_the_head_becomes_as_wide_as_the_new_face(wide):
    here, there = head(1), head(wide)
    before, wanted = mask(picture(here)), mask(picture(there))
    made = outline.fitted(picture(here), here, there, 0.0)
    off = [np.logical_xor(shape, wanted).sum() for shape in (before, mask(made))]
    assert off[1] < (1.25 - outline.SHARE) * off[0], "most of the way"
    assert made.dtype == np.uint8 and made.shape == before.shape + (3,)


def test_far_from_the_outline_nothing_moves_and_along_it_neither():
    here, there = head(1), head(0.85)
    made = outline.fitted(picture(here), here, there, 0.0)
    reach = outline.REACH * 90 + 2
    low, high = there[anatomy.OVAL].min(0) - reach, there[anatomy.OVAL].max(0) + reach
    changed = np.argwhere((made != picture(here)).any(2))[:, ::-1]
    assert len(changed) > 500 and (changed >= low).all() and (changed <= high).all()
    turned = np.roll(here[anatomy.OVAL], 1, 0)
    slid, moved = (np.abs(outline.across(here[anatomy.OVAL], to)).max() for to in (turned, there[anatomy.OVAL]))
    assert slid < 0.4 * np.abs(turned - here[anatomy.OVAL]).max() and moved > 5


def test_a_turned_head_and_the_same_face_keep_the_frame():
    here, there = head(1), head(0.85)
    frame = picture(here)
    assert outline.fitted(frame, here, there, outline.TURNED[1]) is frame
    assert outline.fitted(frame, here, here, 0.0) is frame
    halves = [np.abs(outline.fitted(frame, here, there, yaw).astype(int) - frame).sum() for yaw in (0.0, 22.0)]
    assert 0 < halves[1] < halves[0]


def test_where_something_is_in_front_the_outline_stays():
    on, here, there = canvas("mesh", 128), head(1), head(0.85)
    hand = np.zeros((128, 128), "f4")
    hand[:, :40] = 1
    free = outline.free(hand, on)
    left = on.points[anatomy.OVAL][:, 0] < 40
    assert free.shape == (len(anatomy.OVAL),) and (free[left] == 0).all() and free.max() == 1
    assert outline.free(0, on) == 1 and outline.free(np.zeros_like(hand), on) == 1
    frame = picture(here)
    changed = (outline.fitted(frame, here, there, 0.0, free) != frame).any(2)
    plain = (outline.fitted(frame, here, there, 0.0) != frame).any(2)
    assert changed[:, :110].sum() < 0.3 * plain[:, :110].sum() and changed[:, 200:].sum() == plain[:, 200:].sum()
    assert outline.fitted(frame, here, there, 0.0, outline.free(np.ones_like(hand), on)) is frame


@pytest.mark.parametrize("shift", [(150, 0), (-150, 40), (0, -150), (400, 0)])
def test_a_head_at_the_edge_of_the_picture(shift):
    here, there = head(1) + np.float32(shift), head(0.85) + np.float32(shift)
    made = outline.fitted(picture(here), here, there, 0.0)
    assert made.shape == (SIZE, SIZE, 3) and np.isfinite(made.astype(float)).all()
    mirrored = outline.fitted(
        picture(here)[:, ::-1].copy(), here * [-1, 1] + [SIZE - 1, 0], there * [-1, 1] + [SIZE - 1, 0], 0.0
    )
    assert np.abs(made.astype(int) - mirrored[:, ::-1]).mean() < 3, "left and right alike"
