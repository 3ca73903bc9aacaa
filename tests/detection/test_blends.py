"""blends.py: a face on itself, a little changed; the rest of the frame stays, and each blend is another one."""

import cv2
import numpy as np
import pytest

from faceswap_lib.detection import blends
from faceswap_lib.face import geometry


@pytest.fixture(scope="module")
def face(clip_a) -> tuple[np.ndarray, np.ndarray]:
    return clip_a.frames[60], clip_a.solid[60][:, :2]


def test_the_face_changes_a_little_and_what_is_around_it_does_not(face):
    frame, points = face
    inside = geometry.mask(points, frame.shape)
    wide = cv2.dilate(inside, np.ones([2 * round(0.6 * geometry.iris_distance(points)) + 1] * 2)) > 0
    made = [blends.blend(frame, points, np.random.default_rng(seed)) for seed in range(8)]
    for blend in made:
        apart = np.abs(blend.astype(int) - frame).mean(2)
        assert 0.5 < apart[inside > 0].mean() < 40 and apart[~wide].max() <= 1
    assert len({blend.tobytes() for blend in made}) == 8


def test_the_frame_itself_stays_and_the_same_chance_gives_the_same_blend(face):
    frame, points = face
    before = frame.copy()
    one, two = (blends.blend(frame, points, np.random.default_rng(5)) for _ in range(2))
    assert (one == two).all() and (frame == before).all() and one.dtype == np.uint8


def test_a_face_at_the_frames_edge_is_blended_too(face):
    frame, points = face
    shifted = points - points.min(0) - 20  # part of it is outside
    assert blends.blend(frame, shifted, np.random.default_rng(0)).shape == frame.shape
