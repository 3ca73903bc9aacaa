"""seen.py: a face turned with its frame, found again where it was, and what MediaPipe looks at around it."""

import numpy as np
import pytest

from faceswap_lib.face import seen
from faceswap_lib.face.seen import Face


def face(x: float = 100, y: float = 60, width: float = 40, tilt: float = 0) -> Face:
    """A face whose points lie on a circle, the eyes' outer corners on a line that is tilted by degrees."""
    at = np.linspace(0, 2 * np.pi, 478)
    p = np.stack([x + width / 2 * np.cos(at), y + width / 2 * np.sin(at)], 1).astype("f4")
    turn = np.radians(tilt)
    way = width / 3 * np.array([np.cos(turn), np.sin(turn)])
    p[33], p[263] = [x, y] - way, [x, y] + way
    p[468:473], p[473:478] = [x, y] - way / 2, [x, y] + way / 2
    low, high = p.min(0), p.max(0)
    return Face(np.r_[low, high - low], p, np.zeros(478, "f4"), 0.5)


@pytest.mark.parametrize("turns", range(4))
def test_a_face_is_turned_as_its_frame_is(turns):
    frame = np.zeros((120, 200), "u1")
    frame[40:44, 150:154] = 255
    spot = face(151.5, 41.5)
    y, x = np.argwhere(seen.view(frame, turns)).mean(0)
    turned = seen.turn(spot, turns, frame.shape)
    assert turned.landmarks[33:264:230].mean(0) == pytest.approx([x, y], abs=0.01)
    back = seen.turn(turned, -turns, seen.view(frame, turns).shape)
    assert back.landmarks == pytest.approx(spot.landmarks, abs=1e-3) and back.box == pytest.approx(spot.box, abs=1e-3)


def test_a_face_is_known_by_where_it_is():
    one, other = face(100), face(160)
    assert seen.nearest([other, one], face(103)) is one and seen.nearest([other], face(103)) is None
    assert seen.nearest([one], None) is None
    assert seen.same([one, other], face(162).box) == [other]
    scored = seen.scored([one, other], [(face(101).box, 0.9)])
    assert [each.score for each in scored] == [0.9, 0.5], "and who was not detected anew keeps the old score"


def test_what_is_looked_at_next_is_a_square_around_the_face_larger_where_it_is_tilted():
    low, high = seen.looked_at(face())
    assert (low < high).all() and (low + high) / 2 == pytest.approx([100, 60], abs=0.5)
    assert (high - low)[0] == pytest.approx((high - low)[1]) and 1.5 * 40 < (high - low)[0] < 2 * 40
    tilted = np.subtract(*seen.looked_at(face(tilt=30))[::-1])
    assert tilted[0] / (high - low)[0] == pytest.approx(np.cos(np.pi / 6) + np.sin(np.pi / 6), rel=0.05)


def test_a_frame_that_is_there_gives_all_of_itself():
    pixels = np.random.default_rng(0).integers(0, 255, (80, 160, 3)).astype("u1")
    shown = seen.Shown(pixels)
    assert shown.whole() is pixels and shown.shape == (80, 160, 3) and shown.small().shape == (10, 20)
    piece, corner = shown.piece(np.zeros(2), np.ones(2))
    assert piece is pixels and corner == (0, 0)
