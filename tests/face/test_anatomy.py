"""anatomy.py against MediaPipe's own lists of connections, and against its own mirror image."""

import numpy as np
import pytest

from faceswap_lib.face import anatomy, detect

IBUG_MIRRORED = [
    *range(16, -1, -1),  # jaw
    *range(26, 16, -1),  # brows
    *range(27, 31),  # bridge of the nose
    *range(35, 30, -1),  # its foot
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),  # eyes
    *(*range(54, 47, -1), *range(59, 54, -1)),  # lips outside, upper and lower
    *(*range(64, 59, -1), *range(67, 64, -1)),  # and inside
]


@pytest.fixture(scope="module")
def connections():
    """MediaPipe's lists: sets of pairs of points."""
    return detect.mediapipe().solutions.face_mesh_connections


def pairs(connections) -> set[frozenset[int]]:
    return {frozenset(pair) for pair in connections}


def around(*loops: list[int]) -> set[frozenset[int]]:
    """The sides of closed loops."""
    return {frozenset(side) for loop in loops for side in zip(loop, [*loop[1:], loop[0]], strict=True)}


def test_each_loop_goes_around_what_mediapipe_calls_so(connections):
    assert around(anatomy.OVAL) == pairs(connections.FACEMESH_FACE_OVAL)
    assert around(anatomy.LIPS, anatomy.MOUTH) == pairs(connections.FACEMESH_LIPS)
    assert around(anatomy.EYES[0]) == pairs(connections.FACEMESH_RIGHT_EYE), "the person's right is on the left"
    assert around(anatomy.EYES[1]) == pairs(connections.FACEMESH_LEFT_EYE)
    irises = (connections.FACEMESH_RIGHT_IRIS, connections.FACEMESH_LEFT_IRIS)
    for iris, theirs in zip(anatomy.IRISES, irises, strict=True):
        assert set().union(*pairs(theirs)) == set(iris[1:]), "the first one is the middle"
    brows = pairs(connections.FACEMESH_LEFT_EYEBROW) | pairs(connections.FACEMESH_RIGHT_EYEBROW)
    assert set().union(*brows) == set(anatomy.BROWS)


def test_the_68_points_of_ibug_are_one_anothers_mirror_images():
    points = anatomy.canonical()[anatomy.IBUG]
    assert len(set(anatomy.IBUG)) == 68
    assert points * [-1, 1, 1] == pytest.approx(points[IBUG_MIRRORED], abs=0.02)
    assert points[0, 0] < points[36, 0] < points[27, 0] < points[45, 0] < points[16, 0]
    assert points[19, 1] < points[37, 1] < points[33, 1] < points[51, 1] < points[57, 1] < points[8, 1]


def test_an_upper_lid_or_lip_lies_over_the_lower_one_of_its_pair():
    flat = anatomy.canonical()[:, :2]
    for loop, lids in (*zip(anatomy.EYES, anatomy.LID_PAIRS, strict=True), (anatomy.MOUTH, anatomy.LIP_PAIRS)):
        for upper, lower in lids:
            assert {upper, lower} <= set(loop)
            assert flat[upper, 1] < flat[lower, 1] and abs(flat[upper, 0] - flat[lower, 0]) < 0.03


def test_the_corners_of_an_eye_are_its_ends():
    across = anatomy.canonical()[:, 0]
    for loop, (left, right) in zip(anatomy.EYES, anatomy.EYE_CORNERS, strict=True):
        assert (left, right) == (loop[np.argmin(across[loop])], loop[np.argmax(across[loop])])


def test_triangles_know_the_points_and_the_ring_around_them():
    triangles = anatomy.triangles()
    assert triangles.shape[1] == 3 and set(triangles.ravel()) == set(range(anatomy.POINTS + len(anatomy.OVAL)))
    assert anatomy.canonical().dtype == np.float32 and len(anatomy.canonical()) == anatomy.POINTS
