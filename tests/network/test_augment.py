"""augment.py: what the network sees is bent and lit gently, what it shall draw is left alone."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from faceswap_lib.face import faceset
from faceswap_lib.face.mesh import canvas
from faceswap_lib.network import augment, batches

SIZE = 64


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def draw(side: batches.Side, count: int, seed: int, name: str, light: bool = True) -> dict[str, np.ndarray]:
    """A batch, as arrays."""
    return {key: np.array(x) for key, x in augment.draw(side, count, seeded(seed), name, light).items()}


@pytest.fixture(scope="module")
def side(facesets) -> batches.Side:
    return batches.load_side(faceset.load(facesets["a"]), canvas("mesh", SIZE), 60)


def test_what_the_network_sees_is_augmented_and_what_it_shall_draw_is_not(side):
    batch, again = draw(side, 12, 3, "a"), draw(side, 12, 3, "a")
    which = [int(np.abs(side.targets / 255 - t).sum((1, 2, 3)).argmin()) for t in batch["target_a"]]
    plain = batches.plain(side, np.array(which), "a")
    assert batch["target_a"] == pytest.approx(plain["target_a"], abs=1e-6)
    assert (batch["weight_a"] == plain["weight_a"]).all()
    change = np.abs(batch["picture_a"] - plain["picture_a"]).mean((1, 2, 3))
    assert 0.02 < change.min() and change.max() < 1
    assert np.corrcoef(batch["motion_a"].ravel(), plain["motion_a"].ravel())[0, 1] > 0.5, "at most a little loosened"
    assert all(batch[key].dtype == np.float32 and batch[key].shape == plain[key].shape for key in plain)
    assert all((batch[key] == again[key]).all() for key in batch), "the same seed, the same batch"
    assert (draw(side, 12, 4, "a")["picture_a"] != batch["picture_a"]).any()


def test_held_out_faces_are_never_drawn(side):
    numbers = np.arange(30, dtype="u1")[:, None, None, None]
    numbered = replace(side, targets=np.broadcast_to(numbers, side.targets.shape).copy())
    drawn = np.concatenate([draw(numbered, 100, i, "a")["target_a"][:, 0, 0, 0] for i in range(5)])
    assert set(np.round(drawn * 255).astype(int)) == set(range(27))


def test_nothing_changes_where_all_random_numbers_are_0(side):
    i = np.arange(4)
    still = (np.zeros((4, 6, 6, 2), "f4"), np.zeros((4, 2, 3), "f4"), np.zeros((4, 3, 3, 3), "f4"))
    made = augment._make(i, (side.targets, side.motions, side.weights, side.own), still[:2], still[2])
    for name, value in zip(augment.NAMES, made, strict=True):
        assert np.array(value) == pytest.approx(batches.plain(side, i, "a")[f"{name}_a"], abs=1e-5), name


@pytest.mark.parametrize("small", [True, False])
def test_a_warp_keeps_the_mean_and_moves_pixels_a_little(small):
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype("f4")
    pictures = np.repeat(np.stack([x, y, 100 + 0 * x], -1)[None], 60, 0)
    warped = np.array(augment.bend(pictures, *augment.bend_numbers(seeded(), 60, small)))
    assert warped.mean((0, 1, 2)) == pytest.approx(pictures.mean((0, 1, 2)), abs=1)
    moved = (warped - pictures)[:, 8:-8, 8:-8, :2]
    assert (augment.WARP * SIZE * (0.5 if small else 1.5)) < moved.std() < SIZE * (0.03 if small else 0.12)
    assert moved.std(0).min() > 0.3, "every face in its own way"
    assert np.abs(np.diff(moved, axis=2)).max() < (0.9 if small else 1.2), "smoothly: nothing folds over"


def test_pictures_are_bent_as_opencv_bends_them():
    pictures = seeded(1).random((3, SIZE, SIZE, 3), "f4")
    numbers = augment.bend_numbers(seeded(2), 3, False)
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype("f4")
    for picture, made, warp, whole in zip(pictures, np.array(augment.bend(pictures, *numbers)), *numbers, strict=True):
        field = SIZE * cv2.resize(warp, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        turned = np.stack([x, y], -1) @ whole[:, :2].T + SIZE * (whole[:, 2] - whole[:, :2].sum(1) / 2)
        where = (np.stack([x, y], -1) + field + turned).clip(0, SIZE - 1).astype("f4")
        expected = cv2.remap(picture, where[..., 0], where[..., 1], cv2.INTER_LINEAR)
        assert np.abs(made - expected).max() < 0.05, "OpenCV counts in 32nds of a pixel"


def test_similarity_crops_are_turned_zoomed_and_shifted_within_limits():
    warp, whole = augment.bend_numbers(seeded(), 400, False)
    arm = whole[:, :, 0] + [1, 0]
    angle, zoom = np.degrees(np.arctan2(arm[:, 1], arm[:, 0])), np.linalg.norm(arm, axis=1)
    for values, limit in ((angle, 10), (zoom - 1, 0.05), (whole[:, :, 2], 0.05)):
        assert 0.9 * limit < np.abs(values).max() <= limit
        assert abs(values.mean()) < 0.15 * limit
    assert not augment.bend_numbers(seeded(), 400, True)[1].any(), "mesh textures are not"


def test_light_changes_brightness_smoothly_and_not_the_face():
    numbers = augment.light_numbers(seeded(), 80)
    light = np.array(augment.lit(np.zeros((80, 32, 32, 3), "f4"), numbers))
    assert np.abs(light).mean() > 0.1 and np.abs(light).max() < 2.5 and abs(light.mean()) < 0.05
    rough = [x - cv2.GaussianBlur(x, (0, 0), 2) for x in light]
    assert np.std(rough) < 0.1 * light.std(), "smoothly"
    tint = light - light.mean(-1, keepdims=True)
    assert np.ptp(tint, axis=(1, 2)).max() < 1e-5 and 0.02 < tint.std() < 0.12, "one colour over a face"
    face = seeded(1).normal(0, 0.3, (80, 32, 32, 3)).astype("f4")
    assert np.array(augment.lit(face, numbers)) - face == pytest.approx(light, abs=1e-5)


def test_the_light_can_be_left_out_and_the_warp_stays(side):
    lit, plain = (draw(side, 16, 0, "b", light)["picture_b"] for light in (True, False))
    as_it_is = draw(side, 16, 0, "b", False)
    assert plain == pytest.approx(as_it_is["picture_b"]), "the same random numbers"
    assert np.abs(lit - plain).mean() > 0.1
    assert 0 < np.abs(plain - batches.ratio((as_it_is["target_b"] * 255).round().astype("u1"), side.mean)).mean() < 0.1
