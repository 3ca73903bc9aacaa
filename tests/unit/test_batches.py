"""batches.py: what is trained on is what was extracted, the held-out stretch stays out, and augmentation is gentle."""

import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from faceswap_lib import UserError, batches, faceset, motion, video
from faceswap_lib.mesh import canvas

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


def test_what_the_network_sees_is_augmented_and_what_it_shall_draw_is_not(side):
    batch, again = batches.draw(side, 12, seeded(3), "a"), batches.draw(side, 12, seeded(3), "a")
    which = [int(np.abs(side.targets / 255 - t).sum((1, 2, 3)).argmin()) for t in batch["target_a"]]
    plain = batches.plain(side, np.array(which), "a")
    assert (batch["target_a"] == plain["target_a"]).all() and (batch["weight_a"] == plain["weight_a"]).all()
    change = np.abs(batch["picture_a"] - plain["picture_a"]).mean((1, 2, 3))
    assert 0.02 < change.min() and change.max() < 1
    assert np.corrcoef(batch["motion_a"].ravel(), plain["motion_a"].ravel())[0, 1] > 0.5, "at most a little loosened"
    assert all((batch[key] == again[key]).all() for key in batch), "the same seed, the same batch"
    assert (batches.draw(side, 12, seeded(4), "a")["picture_a"] != batch["picture_a"]).any()


def test_held_out_faces_are_never_drawn(side):
    numbers = np.arange(30, dtype="u1")[:, None, None, None]
    numbered = replace(side, targets=np.broadcast_to(numbers, side.targets.shape).copy())
    drawn = np.concatenate([batches.draw(numbered, 100, seeded(i), "a")["target_a"][:, 0, 0, 0] for i in range(5)])
    assert set(np.round(drawn * 255).astype(int)) == set(range(27))


@pytest.mark.parametrize("small", [True, False])
def test_a_warp_keeps_the_mean_and_moves_pixels_a_little(small):
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype("f4")
    pictures = np.repeat(np.stack([x, y, 100 + 0 * x], -1)[None], 60, 0)
    warped = batches._warp(pictures, seeded(), small)
    assert warped.mean((0, 1, 2)) == pytest.approx(pictures.mean((0, 1, 2)), abs=1)
    moved = (warped - pictures)[:, 8:-8, 8:-8, :2]
    assert (batches.WARP * SIZE * (0.5 if small else 1.5)) < moved.std() < SIZE * (0.03 if small else 0.12)
    assert moved.std(0).min() > 0.3, "every face in its own way"
    assert np.abs(np.diff(moved, axis=2)).max() < (0.9 if small else 1.2), "smoothly: nothing folds over"


def test_similarity_crops_are_turned_zoomed_and_shifted_within_limits():
    size, n = 60, 400
    centred = np.stack(np.meshgrid(np.arange(size) - size / 2, np.arange(size) - size / 2), -1)
    where = centred + batches._turn(centred, n, size, seeded())
    shift = where[:, size // 2, size // 2]
    arm = where[:, size // 2, size // 2 + 20] - shift
    angle, zoom = np.degrees(np.arctan2(arm[:, 1], arm[:, 0])), np.linalg.norm(arm, axis=1) / 20
    for values, limit in ((angle, 10), (zoom - 1, 0.05), (shift / size, 0.05)):
        assert 0.9 * limit < np.abs(values).max() <= limit
        assert abs(values.mean()) < 0.15 * limit


def test_light_changes_brightness_smoothly_and_not_the_face():
    light = batches._light(np.zeros((80, 32, 32, 3), "f4"), seeded())
    assert np.abs(light).mean() > 0.1 and np.abs(light).max() < 2.5 and abs(light.mean()) < 0.05
    rough = [x - cv2.GaussianBlur(x, (0, 0), 2) for x in light]
    assert np.std(rough) < 0.1 * light.std(), "smoothly"
    tint = light - light.mean(-1, keepdims=True)
    assert np.ptp(tint, axis=(1, 2)).max() < 1e-5 and 0.02 < tint.std() < 0.12, "one colour over a face"
    face = seeded(1).normal(0, 0.3, (80, 32, 32, 3)).astype("f4")
    assert batches._light(face, seeded()) - face == pytest.approx(light, abs=1e-5)


def test_the_light_can_be_left_out_and_the_warp_stays(side):
    lit, plain = (batches.draw(side, 16, seeded(), "b", light)["picture_b"] for light in (True, False))
    as_it_is = batches.draw(side, 16, seeded(), "b", False)
    assert plain == pytest.approx(as_it_is["picture_b"]), "the same random numbers"
    assert np.abs(lit - plain).mean() > 0.1
    assert 0 < np.abs(plain - batches.ratio((as_it_is["target_b"] * 255).round().astype("u1"), side.mean)).mean() < 0.1
