"""The canonical face: symmetric, upright, without holes, and made by setup/canonical.py from the built-in clips."""

import importlib.util
import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import ConvexHull, cKDTree

from faceswap_lib import samples
from faceswap_lib.face import anatomy, mesh
from faceswap_lib.media import video

ROOT = Path(__file__).resolve().parents[2]
STORED = json.loads((ROOT / "faceswap_lib" / "face" / "canonical.json").read_text())
POINTS, TRIANGLES = np.array(STORED["points"]), np.array(STORED["triangles"])
FLAT = np.r_[POINTS[:, :2], mesh.ring(POINTS[:, :2])]


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("canonical", ROOT / "setup" / "canonical.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def areas(flat: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Signed areas, positive when wound clockwise as seen in a picture (y down)."""
    corners = np.concatenate([flat[triangles], np.ones((len(triangles), 3, 1))], 2)
    return np.linalg.det(corners) / 2


def test_points_come_back_from_the_clips(maker, clip_a, clip_b, tmp_path, monkeypatch):
    known = {samples.path(f"person_{name}"): clip for name, clip in (("a", clip_a), ("b", clip_b))}
    monkeypatch.setattr(maker, "points", lambda path: known[path].solid[:, :468])
    monkeypatch.setattr(maker, "HERE", tmp_path / "setup")
    (tmp_path / "faceswap_lib" / "face").mkdir(parents=True)
    maker.main()
    made = json.loads((tmp_path / "faceswap_lib" / "face" / "canonical.json").read_text())
    assert np.abs(np.array(made["points"]) - POINTS).max() < 0.01
    same = {frozenset(t) for t in made["triangles"]} & {frozenset(t) for t in STORED["triangles"]}
    assert len(same) > 0.9 * len(TRIANGLES)
    assert (areas(np.r_[np.array(made["points"])[:, :2], FLAT[468:]], np.array(made["triangles"])) > 0).all()


def test_the_tool_reads_landmarks_in_the_clips_own_pixels(maker, clip_a, tmp_path):
    video.write(tmp_path / "three.mp4", islice(clip_a.frames, 3), 24, crf=4)
    assert np.abs(maker.points(tmp_path / "three.mp4") - clip_a.solid[:3, :468]).mean() < 1


def test_the_face_is_frontal_symmetric_and_one_eye_distance_wide():
    assert anatomy.canonical() == pytest.approx(POINTS, abs=1e-5) and POINTS.shape == (468, 3)
    assert np.linalg.norm(POINTS[263, :2] - POINTS[33, :2]) == pytest.approx(1, abs=0.01)
    assert POINTS[anatomy.ANCHOR].mean(0) == pytest.approx([0, 0, 0], abs=0.01)
    away, partner = cKDTree(POINTS * [-1, 1, 1]).query(POINTS)
    assert away.max() < 0.02 and partner[33] == 263 and partner[61] == 291
    assert POINTS[1, 2] < POINTS[anatomy.OVAL, 2].min(), "the nose is nearest"
    assert POINTS[10, 1] < POINTS[1, 1] < POINTS[152, 1], "forehead above nose above chin"


def test_triangles_cover_face_and_ring_once_and_all_face_the_camera():
    area = areas(FLAT, TRIANGLES)
    assert area.min() > 0
    assert area.sum() == pytest.approx(ConvexHull(FLAT).volume, rel=1e-4)
    assert set(TRIANGLES.ravel()) == set(range(504))


def test_no_point_lies_in_a_triangles_circumcircle():
    for corners in FLAT[TRIANGLES[::9]]:
        m = np.c_[2 * (corners[1:] - corners[0])]
        centre = np.linalg.solve(m, (corners[1:] ** 2).sum(1) - (corners[0] ** 2).sum())
        radius = np.linalg.norm(corners[0] - centre)
        assert (np.linalg.norm(FLAT - centre, axis=1) > radius - 2e-3).all()


def test_the_inside_of_the_mouth_owns_pixels_at_every_texture_size():
    for size in (64, 128):
        assert mesh.canvas("mesh", size).parts[2].sum() > size * size * 0.003


def test_no_row_of_a_lip_passes_the_next_one(maker):
    upper = [[0, 11, 12, 13], [37, 72, 38, 82], [267, 302, 268, 312], [39, 73, 41, 81], [269, 303, 271, 311]]
    for column in [*upper, *maker.LOWER_LIP]:
        assert (np.diff(POINTS[column, 1]) > 0.002).all(), column
    gap = POINTS[14, 1] - POINTS[13, 1]
    assert 0.04 < gap < 0.1, "and between them the mouth is a little open"


def test_the_lips_inside_is_filled_with_triangles_of_its_own():
    between = TRIANGLES[np.isin(TRIANGLES, anatomy.MOUTH).all(1)]
    x, y = POINTS[anatomy.MOUTH, :2].T
    inside = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    assert 0.95 * inside < areas(FLAT, between).sum() < 1.001 * inside, "but for the corners"
