"""geometry.py against scikit-image, SciPy, OpenCV, a slow rasteriser, the shoelace formula and clips of known poses."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from skimage.metrics import peak_signal_noise_ratio
from skimage.transform import SimilarityTransform

from faceswap_lib.face import anatomy, geometry

SAMPLES = Path(__file__).resolve().parents[2] / "setup" / "samples"


def turned(degrees: float, axis: str) -> np.ndarray:
    """The canonical face turned about an axis of the picture, at some place and size: (468, 3)."""
    turn = Rotation.from_euler(axis, degrees, degrees=True)
    return turn.apply(anatomy.canonical()) * 80 + [200, 150, 0]


@pytest.mark.parametrize("seed", range(4))
def test_similarity_is_scikit_images(seed):
    random = np.random.default_rng(seed)
    source = random.normal(0, 50, (40, 2)) + 100
    target = SimilarityTransform(scale=1.7, rotation=0.8 * seed, translation=(20, -9))(source)
    target += random.normal(0, 8, target.shape)
    oracle = SimilarityTransform()
    assert oracle.estimate(source, target)
    assert geometry.similarity(source, target) == pytest.approx(oracle.params[:2], abs=1e-6)


def test_similarity_finds_a_known_map_and_never_mirrors():
    source = np.random.default_rng(0).normal(0, 50, (12, 2))
    known = cv2.getRotationMatrix2D((30, 60), 33, 0.7)
    assert geometry.similarity(source, geometry.transform(known, source)) == pytest.approx(known, abs=1e-9)
    assert np.linalg.det(geometry.similarity(source, source * [-1, 1])[:, :2]) > 0


def test_transform_is_opencvs():
    m, points = cv2.getRotationMatrix2D((30, 60), 33, 0.7), np.random.default_rng(0).normal(0, 50, (3, 5, 2))
    assert geometry.transform(m, points) == pytest.approx(cv2.transform(points, m))


@pytest.mark.parametrize("mirror", [1, -1])
def test_rigid_is_scipys_rotation_with_the_best_scale(mirror):
    random = np.random.default_rng(3)
    source = random.normal(0, 1, (30, 3))
    turn = Rotation.from_euler("xyz", [0.3, -0.7, 1.9])
    target = 2.5 * turn.apply(source * [mirror, 1, 1]) + [4, -7, 9] + random.normal(0, 0.05, source.shape)
    keep = list(range(5, 30))
    scale, rotation, shift = geometry.rigid(source, target, keep)
    a, b = (x[keep] - x[keep].mean(0) for x in (source, target))
    oracle, _ = Rotation.align_vectors(b, a)
    assert rotation.T == pytest.approx(oracle.as_matrix(), abs=1e-6)
    assert np.linalg.det(rotation) == pytest.approx(1)
    assert scale == pytest.approx((oracle.apply(a) * b).sum() / (a**2).sum())
    assert (scale * source[keep] @ rotation + shift).mean(0) == pytest.approx(target[keep].mean(0))


def test_aligning_undoes_rotation_scale_and_shift(clip_a):
    p, moved = clip_a.solid[0, :, :2], cv2.getRotationMatrix2D((160, 160), 25, 0.8)
    there = geometry.transform(moved, p)
    straight = geometry.transform(geometry.align(p, 128), p)
    assert geometry.transform(geometry.align(there, 128), there) == pytest.approx(straight, abs=1e-3)
    frame = clip_a.frames[0]
    turned_frame = cv2.warpAffine(frame, moved, (320, 320), flags=cv2.INTER_CUBIC)
    first, second = (geometry.crop(f, geometry.align(q, 128), 128) for f, q in ((frame, p), (turned_frame, there)))
    assert peak_signal_noise_ratio(first[32:96, 32:96], second[32:96, 32:96]) > 30


def test_an_aligned_face_is_upright_in_the_middle_and_fills_two_thirds(clip_a):
    for p in clip_a.solid[::20, :, :2]:
        q = geometry.transform(geometry.align(p, 300), p)
        oval = q[anatomy.OVAL]
        assert (oval.min(0) + oval.max(0)) / 2 == pytest.approx([150, 150], abs=15)
        assert np.ptp(oval[:, 1]) == pytest.approx(200, abs=20)
        assert abs(q[263, 1] - q[33, 1]) < 15 and q[263, 0] > q[33, 0] and q[152, 1] > q[1, 1] > q[10, 1]


@pytest.mark.parametrize("name", ["a", "b"])
def test_pose_follows_the_curves_the_clip_was_rendered_with(name, request):
    clip = request.getfixturevalue(f"clip_{name}")
    true = json.loads((SAMPLES / f"performance_{name}.json").read_text())
    mine = np.array([geometry.pose(found[0].landmarks, found[0].depth) for found in clip.faces])
    # the renderer's z axis points at the viewer: its roll is counter-clockwise
    for column, curve, sign, least in ((0, "yaw", 1, 0.97), (1, "pitch", 1, 0.9), (2, "roll", -1, 0.97)):
        assert np.corrcoef(mine[:, column], [sign * frame[curve] for frame in true])[0, 1] > least, curve


@pytest.mark.parametrize("degrees", [-40, -10, 0, 15, 45])
def test_pose_of_a_turned_canonical_face(degrees):
    for axis, sign, index in (("y", -1, 0), ("x", 1, 1), ("z", 1, 2)):
        p = turned(sign * degrees, axis)
        pose = geometry.pose(p[:, :2], p[:, 2])
        assert pose[index] == pytest.approx(degrees, abs=0.1), axis
        assert np.delete(pose, index) == pytest.approx([0, 0], abs=0.1), axis


@pytest.mark.parametrize("quarters", [-1, 1, 2])
def test_a_head_on_its_side_is_turned_and_nods_as_an_upright_one(quarters):
    for axis, degrees in (("y", -25), ("x", 20)):
        upright = turned(degrees, axis)
        before = geometry.pose(upright[:, :2], upright[:, 2])
        x, y = upright[:, :2].T
        flat = {1: (-y, x), 2: (-x, -y), -1: (y, -x)}[quarters]  # clockwise, y is down
        yaw, pitch, roll = geometry.pose(np.stack(flat, 1), upright[:, 2])
        assert (yaw, pitch) == pytest.approx(before[:2], abs=0.1) and max(map(abs, before[:2])) > 15
        back = geometry.upright(np.c_[np.stack(flat, 1), upright[:, 2]])
        assert np.ptp(back - upright, axis=0) == pytest.approx([0, 0, 0], abs=1e-3), "up to where it is"
        assert abs((roll - before[2] - 90 * quarters + 180) % 360 - 180) < 0.1


def test_the_signs_of_a_pose_are_what_one_sees():
    right, down, clockwise = (turned(a, x) for a, x in ((-30, "y"), (30, "x"), (30, "z")))
    nose, eyes = 1, [33, 263]
    assert right[nose, 0] > right[eyes, 0].mean() + 10 and geometry.pose(right[:, :2], right[:, 2])[0] > 0
    assert down[nose, 1] > turned(0, "x")[nose, 1] + 10 and geometry.pose(down[:, :2], down[:, 2])[1] > 0
    assert clockwise[263, 1] > clockwise[33, 1] + 10 and geometry.pose(clockwise[:, :2], clockwise[:, 2])[2] > 0


def test_mask_has_the_area_of_its_polygon(clip_a):
    for p in clip_a.solid[::40, :, :2]:
        mask = geometry.mask(p, (320, 320, 3))
        x, y = p[anatomy.OVAL].T
        shoelace = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
        assert mask.shape == (320, 320) and set(np.unique(mask)) == {0, 255}
        assert (mask > 0).sum() == pytest.approx(shoelace, rel=0.03)
        assert mask[tuple(p[1, ::-1].astype(int))] == 255 and mask[0, 0] == 0


def test_eye_distance_and_overlap():
    p = np.zeros((478, 2))
    p[33], p[263] = (10, 20), (13, 24)
    assert geometry.eye_distance(p) == 5
    a, b = np.array([0, 0, 10, 10]), np.array([5, 0, 10, 20])
    assert geometry.overlap(a, b) == geometry.overlap(b, a) == pytest.approx(50 / 250)
    assert geometry.overlap(a, a + [20, 20, 0, 0]) == 0


def test_a_close_up_has_the_face_in_its_middle_half_as_wide_again():
    frame = np.zeros((200, 300, 3), "u1")
    points = np.array([[100, 60], [180, 60], [140, 140], [140, 60]], "f4")  # 80 × 80 around (140, 100)
    for x, y in points.astype(int):
        cv2.circle(frame, (int(x), int(y)), 2, (255, 255, 255), -1)
    seen = geometry.close_up(frame, points, 240)
    assert seen.shape == (240, 240, 3)
    for x, y in ((40, 40), (200, 40), (120, 200)):  # 80 px are 160 of 240, from 40 to 200
        assert seen[y - 2 : y + 3, x - 2 : x + 3].max() > 200
    assert seen[60:180, :30].max() == 0


def random_triangles(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (30, 2) about a picture of 26 x 22, depths (30,), and 24 triangles wound both ways."""
    random = np.random.default_rng(seed)
    triangles = np.array([random.choice(30, 3, replace=False) for _ in range(24)])
    return random.uniform(-6, 32, (30, 2)), random.uniform(0, 50, 30), triangles


def slow(flat: np.ndarray, depth: np.ndarray, triangles: np.ndarray, x: int, y: int) -> tuple[int, np.ndarray, bool]:
    """The nearest triangle over a pixel by solving for its weights; also whether any edge is too near to be sure."""
    best, nearest, weights, close = -1, np.inf, np.zeros(3), False
    for number, corners in enumerate(triangles):
        m = np.c_[flat[corners], np.ones(3)].T
        if np.linalg.det(m) <= 1e-3:  # y points down: turned away
            continue
        w = np.linalg.solve(m, [x, y, 1])
        close |= bool(abs(w.min()) < 1e-5)
        if w.min() >= 0 and w @ depth[corners] < nearest:
            best, nearest, weights = number, w @ depth[corners], w
    return best, weights, close


@pytest.mark.parametrize("seed", range(3))
def test_rasteriser_agrees_with_a_slow_one_in_every_pixel(seed):
    flat, depth, triangles = random_triangles(seed)
    (x0, y0), (x1, y1) = box = np.array([[2, 1], [25, 21]])
    index, weights, shape = geometry.rasterise(flat, depth, triangles, box)
    assert shape == (21, 24) and index.shape == (21 * 24,) and len(np.unique(index)) > 4
    for row, y in enumerate(range(y0, y1 + 1)):
        for column, x in enumerate(range(x0, x1 + 1)):
            best, w, close = slow(flat, depth, triangles, x, y)
            if not close:
                here = row * shape[1] + column
                assert index[here] == best, (x, y)
                assert weights[here] == pytest.approx(w, abs=1e-6)


def test_irises_are_as_far_apart_as_their_middles():
    p = np.zeros((478, 2))
    for iris, middle in zip(anatomy.IRISES, ((40, 30), (43, 34)), strict=True):
        p[iris] = np.array(middle) + [[0, 0], [2, 0], [0, 2], [-2, 0], [0, -2]]
    assert geometry.iris_distance(p) == pytest.approx(5)
