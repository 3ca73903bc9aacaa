"""batches.py: what is trained on is what was extracted, and the held-out stretch is known."""

import shutil

import cv2
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from faceswap_lib import UserError
from faceswap_lib.face import faceset, motion
from faceswap_lib.face.mesh import canvas
from faceswap_lib.media import video
from faceswap_lib.network import batches

SIZE = 64


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def side(facesets) -> batches.Side:
    return batches.load_side(faceset.load(facesets["a"]), canvas("mesh", SIZE), 60)


@pytest.mark.parametrize("kind", ["mesh", "similarity"])
def test_targets_are_the_videos_faces_on_the_canvas(facesets, short, kind):
    on, loaded = canvas(kind, SIZE), faceset.load(facesets["a"])
    side = batches.load_side(loaded, on, 60)
    solid = motion.smooth(loaded.solid, loaded.frames)
    assert side.targets.shape == (30, SIZE, SIZE, 3) and side.targets.dtype == np.uint8
    assert side.weights.shape == (30, SIZE, SIZE, 1) and side.motions.shape == (30, SIZE // 2, SIZE // 2, 4)
    assert side.warps == (kind == "mesh") and side.shape.shape == (478, 3)
    for i, frame in enumerate(video.frames(short["a"])):
        inside = side.weights[i, ..., 0] > 0.5
        straight = on.texture(frame, solid[i][:, :2])  # not through the aligned picture on disk
        assert peak_signal_noise_ratio(straight[inside], side.targets[i][inside]) > 27
        assert side.weights[i, ..., 0] == pytest.approx(on.visibility(solid[i]) * on.importance, abs=0.01)


def test_the_mean_is_that_of_the_faces_trained_on_where_they_are_seen(side):
    seen, weights = side.targets[: side.cut] / 255, side.weights[: side.cut].astype("f8")
    for y, x in ((32, 32), (20, 24), (45, 30), (30, 12)):
        oracle = np.average(seen[:, y, x], axis=0, weights=weights[:, y, x, 0])
        assert side.mean[y, x] == pytest.approx(oracle, abs=0.005)


def test_what_is_hardly_seen_hardly_counts_in_the_mean():
    textures = list(seeded().integers(0, 255, (9, 8, 8, 3), "u1"))
    weights = seeded(1).uniform(0, 1, (9, 8, 8, 1)) ** 4
    oracle = np.average(textures, axis=0, weights=np.broadcast_to(weights, (9, 8, 8, 3))) / 255
    mean = batches._mean(textures, weights)
    assert mean.dtype == np.float32 and mean == pytest.approx(oracle, abs=0.01)
    plain = batches._mean(textures, np.zeros_like(weights))
    assert plain == pytest.approx(np.mean(textures, 0) / 255, abs=1e-5), "never seen: the plain mean"


def test_the_last_tenth_of_the_time_is_held_out(side):
    assert (side.cut, len(side.targets)) == (27, 30)


def test_no_more_faces_than_asked_for_evenly_over_time(facesets, side):
    few = batches.load_side(faceset.load(facesets["a"]), canvas("mesh", SIZE), 10)
    where = [int(np.abs(side.targets.astype(int) - t).sum((1, 2, 3)).argmin()) for t in few.targets]
    assert where[0] == 0 and where[-1] == 29 and set(np.diff(where)) <= {3, 4}
    assert few.cut == 9


def test_too_few_pictures(facesets, tmp_path):
    folder = shutil.copytree(facesets["a"], tmp_path / "f")
    for picture in sorted(folder.glob("*.png"))[8:]:
        picture.unlink()
    assert len(batches.load_side(faceset.load(folder), canvas("mesh", SIZE), 60).targets) == 8
    next(folder.glob("*.png")).unlink()
    with pytest.raises(UserError, match="7 face pictures.*at least 8"):
        batches.load_side(faceset.load(folder), canvas("mesh", SIZE), 60)


def test_halving_is_opencvs_area_mean():
    pictures = seeded().integers(0, 255, (3, SIZE, SIZE, 3), "u1")
    oracle = [cv2.resize(p.astype("f4"), (32, 32), interpolation=cv2.INTER_AREA) for p in pictures]
    assert batches.halve(pictures) == pytest.approx(np.stack(oracle), abs=1e-3)


def test_ratio_is_nothing_for_the_mean_and_a_sum_for_a_light():
    mean = seeded().integers(20, 120, (SIZE, SIZE, 3)).astype("u1")
    own = mean / np.float32(255)
    assert batches.ratio(mean[None], own) == pytest.approx(np.zeros((1, 32, 32, 3)), abs=1e-6)
    bright = batches.ratio(2 * mean[None], own)
    assert bright.shape == (1, 32, 32, 3) and bright.dtype == np.float32
    assert 0.3 < bright.min() and bright.max() < np.log(2) + 1e-6
    assert np.corrcoef(bright.ravel(), batches.halve(mean[None]).ravel())[0, 1] > 0, "the floor counts in the dark"
    black, white = (batches.ratio(np.full_like(mean[None], v), own) for v in (0, 255))
    assert -2 <= black.max() < 0 < white.min() <= 2


def test_plain_faces_are_as_loaded(side):
    i = np.array([5, 29, 0])
    batch = batches.plain(side, i, "b")
    assert set(batch) == {"picture_b", "motion_b", "target_b", "weight_b"}
    assert all(value.dtype == np.float32 for value in batch.values())
    assert (batch["target_b"] * 255).round() == pytest.approx(side.targets[i])
    assert (batch["weight_b"] == side.weights[i]).all() and (batch["motion_b"] == side.motions[i]).all()
    assert batch["picture_b"] == pytest.approx(batches.ratio(side.targets[i], side.mean))
