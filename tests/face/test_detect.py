"""faces.py against scikit-image, SciPy, OpenCV, dlib's own detector, the shoelace formula and the clips' true poses."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from skimage.metrics import peak_signal_noise_ratio
from skimage.transform import SimilarityTransform

from faceswap_lib.face import anatomy, detect, geometry, identity
from faceswap_lib.measure import metrics

SAMPLES = Path(__file__).resolve().parents[2] / "setup" / "samples"


def python(code: str) -> None:
    """Run code in a fresh interpreter; its assertions are this test's."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr[-2000:]


def solid(face: detect.Face) -> np.ndarray:
    return np.c_[face.landmarks, face.depth]


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


def test_the_signs_of_a_pose_are_what_one_sees():
    right, down, clockwise = (turned(a, x) for a, x in ((-30, "y"), (30, "x"), (30, "z")))
    nose, eyes = 1, [33, 263]
    assert right[nose, 0] > right[eyes, 0].mean() + 10 and geometry.pose(right[:, :2], right[:, 2])[0] > 0
    assert down[nose, 1] > turned(0, "x")[nose, 1] + 10 and geometry.pose(down[:, :2], down[:, 2])[1] > 0
    assert clockwise[263, 1] > clockwise[33, 1] + 10 and geometry.pose(clockwise[:, :2], clockwise[:, 2])[2] > 0


def test_sharpness_falls_with_blur_and_looks_only_inside(clip_a):
    frame, inside = clip_a.frames[0], geometry.mask(clip_a.solid[0, :, :2], (320, 320))
    values = [
        metrics.sharpness(cv2.GaussianBlur(frame, (0, 0), s) if s else frame, inside) for s in (0, 0.7, 1.5, 3, 6)
    ]
    assert all(a > 1.1 * b for a, b in zip(values, values[1:], strict=False)), values
    noisy = frame.copy()
    far = cv2.dilate(inside, np.ones((15, 15))) == 0
    noisy[far] = np.random.default_rng(0).integers(0, 255, (far.sum(), 3))
    assert metrics.sharpness(noisy, inside) == pytest.approx(values[0])


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


def test_embeddings_of_one_person_are_near_and_of_two_far(clip_a, clip_b):
    a, b = (
        [identity.embed(clip.frames[i], clip.faces[i][0].landmarks) for i in (0, 60, 150)] for clip in (clip_a, clip_b)
    )
    same = [np.linalg.norm(p[i] - p[j]) for p in (a, b) for i, j in ((0, 1), (0, 2), (1, 2))]
    other = [np.linalg.norm(x - y) for x in a for y in b]
    assert a[0].shape == (128,) and max(same) < 0.6 < min(other), (same, other)


def test_every_frame_of_the_clips_has_one_face_where_dlib_sees_it(clip_a, clip_b):
    detector, agreed = dlib.get_frontal_face_detector(), 0
    for clip in (clip_a, clip_b):
        assert {len(found) for found in clip.faces} == {1}
        for i in range(0, len(clip.frames), 20):
            for seen in detector(clip.frames[i]):
                box = np.array([seen.left(), seen.top(), seen.width(), seen.height()], float)
                assert geometry.overlap(clip.faces[i][0].box, box) > 0.5
                agreed += 1
    assert agreed > 15


def test_a_face_is_described_in_pixels(clip_a):
    face = clip_a.faces[0][0]
    assert face.landmarks.shape == (478, 2) and face.depth.shape == (478,) and 0.5 < face.score <= 1
    assert face.landmarks.dtype == face.depth.dtype == np.float32
    assert face.box == pytest.approx(np.r_[face.landmarks.min(0), np.ptp(face.landmarks, axis=0)])
    assert face.depth[1] < face.depth[anatomy.OVAL].mean()  # the nose is nearer than the cheeks


def test_detector_finds_two_people_side_by_side(clip_a, clip_b):
    with detect.Detector() as detector:
        for i in range(3):
            small = cv2.resize(clip_b.frames[i], (240, 240), interpolation=cv2.INTER_AREA)
            small = cv2.copyMakeBorder(small, 40, 40, 0, 0, cv2.BORDER_REPLICATE)
            found = detector.detect(np.hstack([small, clip_a.frames[i]]))
            assert len(found) == 2
            large, little = found
            assert np.abs(large.landmarks - [240, 0] - clip_a.faces[i][0].landmarks).mean() < 3
            assert little.box[0] + little.box[2] < 240 and little.box[2] < large.box[2]


def test_detector_finds_a_small_face_in_a_large_frame(clip_a):
    canvas = np.full((720, 1280, 3), 90, "u1")
    canvas[500:620, 1000:1120] = cv2.resize(clip_a.frames[0], (120, 120), interpolation=cv2.INTER_AREA)
    with detect.Detector() as detector:
        (face,) = detector.detect(canvas)
    assert face.box[2] < 0.05 * 1280
    assert np.abs(face.landmarks - [1000, 500] - clip_a.faces[0][0].landmarks * 120 / 320).mean() < 1


def test_detector_finds_nothing_in_pictures_without_a_face():
    with detect.Detector() as detector:
        assert detector.detect(np.full((240, 320, 3), 128, "u1")) == []
        assert detector.detect(np.random.default_rng(0).integers(0, 255, (240, 320, 3), "u1")) == []


def test_importing_the_library_is_light():
    python("import sys, faceswap_lib; assert not {'tensorflow', 'mediapipe', 'keras'} & set(sys.modules)")


def test_mediapipe_does_not_bring_tensorflow_which_can_still_be_imported():
    python(
        "import sys\nfrom faceswap_lib.face import detect\ndetect.Detector().__exit__()\n"
        "assert 'mediapipe' in sys.modules and 'tensorflow' not in sys.modules\n"
        "import tensorflow; assert tensorflow.reduce_sum([1, 2]).numpy() == 3"
    )


def test_mediapipe_leaves_a_tensorflow_that_was_there_before():
    python(
        "import sys, types\nfakes = {n: types.ModuleType(n) for n in ('tensorflow', 'tensorflow.python')}\n"
        "sys.modules.update(fakes)\nfrom faceswap_lib.face import detect\ndetect.Detector().__exit__()\n"
        "assert 'mediapipe' in sys.modules and all(sys.modules[n] is m for n, m in fakes.items())"
    )


def test_a_head_that_turns_within_a_frame_is_found_where_it_went(clip_a):
    """From one side to the other: tracking looks where the face was, and a second look is what finds it."""
    before, after = clip_a.frames[60], clip_a.frames[110]
    with detect.Detector() as calm, detect.Detector() as surprised:
        there = [calm.detect(after) for _ in range(3)][-1][0].landmarks
        surprised.detect(before)
        found = surprised.detect(after)[0].landmarks
    assert np.linalg.norm(found - there, axis=1).mean() < 0.05 * geometry.iris_distance(there)
