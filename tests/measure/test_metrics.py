"""The formulas: against closed forms, scikit-image, TensorFlow, published values, and what the renderer acted."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from faceswap_lib import samples
from faceswap_lib.face import detect, geometry, motion
from faceswap_lib.measure import metrics
from faceswap_lib.media import video

ACTED = Path(__file__).parents[2] / "setup" / "samples"


def noisy(seed: int = 0, size: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """A smooth random picture and a noisy copy."""
    random = np.random.default_rng(seed)
    ideal = cv2.resize(random.uniform(0, 255, (12, 12, 3)).astype("f4"), (size, size), interpolation=cv2.INTER_CUBIC)
    return (ideal + random.normal(0, 12, ideal.shape)).clip(0, 255).astype("u1"), ideal.clip(0, 255).astype("u1")


def test_structure_of_flat_pictures_has_a_closed_form() -> None:
    dark, light = (np.full((20, 30, 3), grey, "u1") for grey in (60, 90))
    c1 = (0.01 * 255) ** 2
    expected = (2 * 60 * 90 + c1) / (60**2 + 90**2 + c1)  # variances are 0, so only the luminance term is left
    np.testing.assert_allclose(metrics.structure(dark, light), expected, atol=1e-9)


def test_psnr_counts_only_the_inside() -> None:
    ideal = np.full((20, 20, 3), 100, "u1")
    picture, inside = ideal + np.uint8(5), np.zeros((20, 20), bool)
    inside[5:15, 5:15], picture[0] = True, 0
    assert metrics.psnr(picture, ideal, inside) == pytest.approx(20 * np.log10(255 / 5))
    assert metrics.psnr(ideal, ideal, inside) == 100


def test_identity_runs_from_a_to_b() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 128))
    got = metrics.identity(np.array([a, (a + b) / 2, b, a + 0.8 * (b - a)]), a, b)
    np.testing.assert_allclose(got, [-1, 0, 1, 0.6], atol=1e-12)


def test_ssim_and_psnr_are_scikit_images() -> None:
    picture, ideal = noisy()
    whole = structural_similarity(picture, ideal, channel_axis=2, data_range=255)
    inner = metrics.structure(picture, ideal)[3:-3, 3:-3]  # what scikit-image takes the mean over
    assert inner.mean() == pytest.approx(whole, abs=1e-6)
    everywhere = np.ones(picture.shape[:2], bool)
    expected = peak_signal_noise_ratio(ideal, picture, data_range=255)
    assert metrics.psnr(picture, ideal, everywhere) == pytest.approx(expected, abs=1e-6)


def test_colour_difference_is_scikit_images_and_the_published_one() -> None:
    picture, ideal = noisy()
    inside = np.zeros(picture.shape[:2], bool)
    inside[20:90, 40:80] = True
    expected = deltaE_ciede2000(rgb2lab(picture), rgb2lab(ideal))[inside].mean()
    assert metrics.delta_e(picture, ideal, inside) == pytest.approx(expected, abs=1e-6)
    # pairs 1, 7 and 25 of Sharma, Wu & Dalal 2005, table 1
    for one, other, told in (
        ([50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425),
        ([50, 0, 0], [50, -1, 2], 2.3669),
        ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
    ):
        assert deltaE_ciede2000(one, other) == pytest.approx(told, abs=1e-4)


def test_ms_ssim_is_tensorflows_and_sees_only_the_inside() -> None:
    import tensorflow as tf

    picture, ideal = noisy(size=256)
    everywhere = np.ones(picture.shape[:2], bool)
    theirs = float(tf.image.ssim_multiscale(picture[None], ideal[None], 255)[0])
    # theirs leaves out half a window at every edge and scale
    assert metrics.ms_structure(picture, ideal, everywhere) == pytest.approx(theirs, abs=0.01)
    assert metrics.ms_structure(ideal, ideal, everywhere) == pytest.approx(1, abs=1e-6)
    left = np.zeros_like(everywhere)
    left[60:180, :100] = True
    spoilt = ideal.copy()
    spoilt[:, 200:] = 0
    assert metrics.ms_structure(spoilt, ideal, left) > 0.99 > 0.9 > metrics.ms_structure(spoilt, ideal, ~left)


def test_parts_are_eyes_and_mouth_and_nothing_else() -> None:
    frame = next(video.frames(samples.path("truth_a_as_b")))
    with detect.Detector() as detector:
        points = detector.detect(frame)[0].landmarks
    area = metrics.parts(points, frame.shape)
    x, y = np.round(points[[468, 473, 13, 61]]).astype(int).T  # irises, upper lip, corner of the mouth
    assert area[y, x].all()
    x, y = np.round(points[[4, 10, 152, 205, 425]]).astype(int).T  # tip of the nose, forehead, chin, cheeks
    assert not area[y, x].any()
    assert cv2.connectedComponents(area.astype("u1"))[0] == 1 + 3


def acted(name: str, *keys: str) -> np.ndarray:
    """What the renderer was told, mean of some of its weights by frame."""
    told = json.loads((ACTED / f"performance_{name}.json").read_text())
    return np.mean([[frame[key] for key in keys] for frame in told], 1)


def test_openings_and_gaze_are_what_the_renderer_acted(clip_a) -> None:
    flat = clip_a.solid[..., :2]
    eyes, mouth = np.transpose([metrics.openings(points) for points in flat])
    blink = acted("a", "eyeBlinkLeft", "eyeBlinkRight")
    assert np.corrcoef(eyes, -blink)[0, 1] > 0.8
    assert np.corrcoef(mouth, acted("a", "jawOpen"))[0, 1] > 0.8
    person = motion.person(clip_a.solid)
    gaze = np.array([metrics.gaze((person.mean + move)[:, :2]) for move in person.motion])
    awake = blink < 0.4
    assert np.corrcoef(gaze[awake], acted("a", "gazex")[awake])[0, 1] > 0.9


def test_a_turn_is_the_angle_between_two_poses(clip_a) -> None:
    solid = clip_a.solid[0].astype(float)
    angle = np.radians(12)
    about = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    assert metrics.turn(solid @ about, solid) == pytest.approx(12, abs=0.01)
    assert metrics.turn(2 * solid + 30, solid) == pytest.approx(0, abs=0.01)


def test_jitter_is_nothing_while_points_glide() -> None:
    start, step = np.random.default_rng(0).normal(size=(2, 50, 2))
    assert metrics.jitter(start, start + step, start + 2 * step) == pytest.approx(0, abs=1e-12)
    assert metrics.jitter(start, start + [3, 4], start) == pytest.approx(10)


def test_a_seam_is_the_colour_along_the_edge_and_not_within(clip_a) -> None:
    frame, points = clip_a.frames[0], clip_a.faces[0][0].landmarks
    area = geometry.mask(points, frame.shape)
    core = cv2.erode(area, np.ones((41, 41), "u1")) > 0
    middle, whole = frame.copy(), frame.copy()
    middle[core] = middle[core] // 2
    whole[area > 0] = (whole[area > 0] * 0.8).astype("u1")
    assert metrics.border(frame, frame, points) == pytest.approx(0, abs=1e-9)
    assert metrics.border(middle, frame, points) < 0.5 < 4 < metrics.border(whole, frame, points)


def test_shimmer_is_what_the_source_does_not_do() -> None:
    before, change = np.random.default_rng(0).uniform(0, 99, (2, metrics.CALM, metrics.CALM, 3))
    source = before + 7
    assert metrics.shimmer(before, before + change, source, source + change) == pytest.approx(0, abs=1e-9)
    assert metrics.shimmer(before, before + 5, source, source) == pytest.approx(5)


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
