"""landmarks.py: what is known to be wrong with landmarks comes out, and nothing else."""

import numpy as np
import pytest

from faceswap_lib import samples
from faceswap_lib.face.anatomy import IBUG
from faceswap_lib.media import video
from tests.endurance import landmarks


@pytest.fixture(scope="module")
def face() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (120, 400, 2) of a face that turns, comes nearer and opens its lower half; all facing; its turns."""
    random, t = np.random.default_rng(0), np.arange(120) / 24
    rest = random.uniform(-60, 60, (400, 2)) @ [1, 1j]
    opened = 6 * np.abs(np.sin(3 * t))[:, None] * (rest.imag > 20) * rest.imag / 60
    turned = (1 + 0.1 * np.sin(t)) * np.exp(0.2j * np.sin(2 * t))
    z = (rest + 1j * opened) * turned[:, None] + (160 + 160j + 20 * np.sin(t))[:, None]
    return np.stack([z.real, z.imag], -1), np.ones((120, 400), bool), turned


def shifted(turned: np.ndarray, by: complex) -> np.ndarray:
    off = by * turned
    return np.stack([off.real, off.imag], -1)[:, None]


def test_an_offset_that_goes_with_the_face_is_no_error(face):
    points, facing, turned = face
    marks = points[:, :30] + shifted(turned, 2 - 1j)
    assert np.nanmax(landmarks.errors(marks, points, facing, 5)) < 0.1  # the opening turns the fit a little


def test_known_jitter_comes_out(face):
    points, facing, _ = face
    jitter = np.random.default_rng(1).normal(0, 0.8, (120, 60, 2))
    (median, low, high), (most, *_) = landmarks.summed(landmarks.errors(points[:, :60] + jitter, points, facing, 5))
    assert median == pytest.approx(0.8 * 1.177, rel=0.06)  # of a Rayleigh distribution
    assert most == pytest.approx(0.8 * 2.146, rel=0.06) and low < median < high


def test_what_does_not_follow_the_skin_is_in_error(face):
    points, facing, turned = face
    lips = np.flatnonzero((points[0] @ [0, 1]) > 160 + 40)
    stiff = points[:1, lips] @ [1, 1j] - (points[0] @ [1, 1j]).mean()
    stiff = stiff * turned[:, None] / turned[0] + (160 + 160j + 20 * np.sin(np.arange(120) / 24))[:, None]
    marks = np.stack([stiff.real, stiff.imag], -1)
    assert np.nanmedian(landmarks.errors(marks, points, facing, 1)) > 5 * 0.1
    assert np.nanmedian(landmarks.errors(points[:, lips], points, facing, 1)) < 0.1


def test_a_frame_without_a_face_is_not_measured(face):
    points, facing, _ = face
    marks = points[:, :4].copy()
    marks[10] = np.nan
    missing = np.isnan(landmarks.errors(marks, points, facing, 0))
    assert np.argwhere(missing).tolist() == [[10, k] for k in range(4)]


def test_a_vertex_that_is_turned_away_is_not_chosen(face):
    points, facing, _ = face
    marks, hidden = points[:, :4], facing.copy()
    hidden[:, :4] = False
    assert landmarks.errors(marks, points, facing, 0).max() < 1e-6 < landmarks.errors(marks, points, hidden, 0).min()


def test_the_shared_five_are_found_among_many_landmarks():
    marks = np.zeros((2, 478, 2))
    marks[:, [33, 133, 362, 263], 0], marks[:, [4, 61, 291], 0] = (1, 3, 7, 9), (5, 2, 8)
    parts = dict(landmarks.kinds(marks))
    assert [some.shape[1] for some in parts.values()] == [478, 51, 7, 5]
    assert parts["eyes, nose, lip corners"][0, :, 0].tolist() == [2, 8, 5, 2, 8]
    assert [some.shape[1] for some in dict(landmarks.kinds(np.zeros((2, 68, 2)))).values()] == [68, 51, 7, 5]


def test_the_seven_are_the_same_for_all():
    assert [IBUG[k] for k in landmarks.SEVEN[68]] == landmarks.SEVEN[478]


def test_dlibs_points_are_where_the_face_is_and_none_where_there_is_none():
    frame = next(video.frames(samples.path("person_a")))
    found, none = landmarks.dlibs(None, [frame, np.full((90, 90, 3), 128, "u1")])
    eyes, lips = found[36:48].mean(0), found[48:].mean(0)
    assert 100 < eyes[1] + 30 < lips[1] < 220 and np.isnan(none).all()
