"""align.py: a dragged landmark changes similarity and texture as OpenCV and the mesh say they should."""

import cv2
import numpy as np
import pytest

from faceswap_lib.face import geometry
from faceswap_lib.face.mesh import canvas
from faceswap_lib.widgets import align


@pytest.fixture
def made(short, facesets) -> align.Aligner:
    return align.aligner(short["a"], facesets["a"])


def test_dragging_a_landmark_moves_it_and_what_is_aligned_by_it(made):
    before, (crop, texture) = made.points.copy(), made.pictures()
    x, y = made._place(263)
    made._drag(x + 50, y)  # nothing is held
    assert np.array_equal(made.points, before)
    made._grip(x + 4, y - 4)
    made._drag(x + 50, y - 30)
    made._let_go()
    made._drag(0, 0)
    moved = made.points - before
    assert made.point.value == 263 and np.flatnonzero(np.abs(moved).sum(1)).tolist() == [263]
    scale = geometry.lens(made.flat, align.SIDE)[0, 0]
    assert moved[263] == pytest.approx(np.array([50, -30]) / scale, abs=0.1)
    assert [made.across.value, made.down.value] == pytest.approx(moved[263].tolist(), abs=0.1)
    target = geometry.template(align.RESULT)
    expected, _ = cv2.estimateAffinePartial2D(made.points[align.FEW], target[align.FEW], method=cv2.LMEDS)
    own, few = made.similarity, made.points[align.FEW]
    off = [np.linalg.norm(geometry.transform(m, few) - target[align.FEW], axis=1) for m in (own, expected)]
    assert (off[0] ** 2).sum() <= (off[1] ** 2).sum() + 1e-6, "least squares: no other similarity is nearer"
    after = made.pictures()
    assert np.abs(after[0].astype(int) - crop).mean() > 5, "all of the crop has turned"
    changed = np.abs(after[1].astype(int) - texture).max(-1) > 8
    assert 0.001 < changed.mean() < 0.2, "the texture is torn in one place"
    y, x = np.argwhere(changed).mean(0)
    assert np.hypot(*(canvas("mesh", align.RESULT).points[263] - [x, y])) < 40


def test_the_same_by_keyboard_and_back(made):
    words = made.told.value
    made.point.value = 61
    made.across.value = 30
    made.down.value = -10
    assert (made.points - made.flat)[61].tolist() == [30, -10] and made.told.value != words
    made.point.value = 33
    assert (made.across.value, made.down.value) == (0, 0), "another landmark is where it was"
    made.reset.click()
    assert np.array_equal(made.points, made.flat) and made.told.value == words


def test_one_wrong_point_of_many_hardly_counts(made):
    def turned() -> float:
        return np.degrees(np.arctan2(made.similarity[1, 0], made.similarity[0, 0]))

    gone = {}
    for keep in (align.FEW, align.KEEP):
        made.ways.value = keep
        made.reset.click()
        first = turned()
        made.point.value = 263
        made.down.value = 30
        gone[len(keep)] = abs(turned() - first)
    assert gone[4] > 4 * gone[len(align.KEEP)] > 0


def test_a_page_shows_the_face_and_both_results(made):
    assert made.still.count("<img alt=") == 3 and "Turned by" in made.still
    assert "fsw-align" in made.widget._dom_classes
