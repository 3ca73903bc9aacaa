"""relight.py: the gain is a light's and not a face's, and brings B nearer to the ideal swap."""

import cv2
import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

from faceswap_lib import samples
from faceswap_lib.compose import color, relight
from faceswap_lib.face import detect
from faceswap_lib.face.mesh import canvas
from faceswap_lib.media import video

ON = canvas("mesh", 128)
MIDDLE = slice(30, 98)


def face(clip, index: int) -> tuple[np.ndarray, np.ndarray]:
    """A texture (128, 128, 3) in [0, 1] and its points (478, 3)."""
    solid = clip.solid[index]
    return ON.texture(clip.frames[index], solid[:, :2]).astype("f4") / 255, solid


def test_a_face_in_its_own_light_hardly_changes(clip_a, clip_b):
    for clip in (clip_a, clip_b):
        texture, solid = face(clip, 40)
        gain = relight.gain(texture, texture, solid)[ON.skin > 0.5]
        assert gain.shape[1] == 3 and np.abs(np.log(gain)).mean() < 0.08


def test_a_lamp_from_one_side_lights_that_side(clip_a, clip_b):
    drawn, solid = face(clip_b, 40)
    source, _ = face(clip_a, 40)
    slope = np.linspace(-0.5, 0.5, 128, dtype="f4")[None, :, None]
    left, right = (relight.gain(drawn, (source * np.exp(s * slope)).clip(0, 1), solid) for s in (-1, 1))
    ratio = np.log(left / right).mean(2)
    half = ON.skin > 0.5
    assert ratio[:, :50][half[:, :50]].mean() > 0.15 and ratio[:, 78:][half[:, 78:]].mean() < -0.15


def test_the_sources_complexion_is_taken_on(clip_a, clip_b):
    drawn, solid = face(clip_b, 40)
    source, _ = face(clip_a, 40)
    skin = ON.skin > 0.5
    for tint in ((1, 1, 1), (1, 0.8, 0.6)):
        wanted = source * np.array(tint, "f4")
        out = drawn * relight.gain(drawn, wanted, solid)
        colour, goal = (p[skin].mean(0) / p[skin].mean() for p in (out, wanted))
        assert colour == pytest.approx(goal, abs=0.06)


def test_features_of_the_source_do_not_come_along(clip_b, clip_a):
    drawn, solid = face(clip_b, 40)
    source, _ = face(clip_a, 40)
    marked = source.copy()
    marked[20:24, 60:68] = 0.1  # a mole on the forehead
    apart = np.abs(np.log(relight.gain(drawn, marked, solid) / relight.gain(drawn, source, solid)))
    assert 0.001 < apart.max() < 0.25, "as a darker spot of light it shows a little, as a mole it does not"


def test_it_beats_the_exchange_of_low_frequencies_against_the_ideal_swap(clip_a, clip_b):
    ideal = list(video.frames(samples.path("truth_a_as_b")))[::20]
    b = np.mean([face(clip_b, i)[0] for i in range(0, 240, 12)], 0)
    found: dict[str, list] = {"relit": [], "light": []}
    with detect.Detector() as detector:
        for k, frame in enumerate(ideal):
            source, _ = face(clip_a, 20 * k)
            near = detector.detect(frame)[0]
            goal = ON.texture(frame, near.landmarks).astype("f4") / 255
            for name, errors in found.items():
                out = color.method(name)(b, source, ON, np.c_[near.landmarks, near.depth])
                skin = deltaE_ciede2000(rgb2lab(out), rgb2lab(goal))[ON.skin > 0.9].mean()
                like = structural_similarity(out, goal, channel_axis=2, data_range=1, full=True)[1]
                errors.append((skin, like[MIDDLE, MIDDLE].mean()))
    (relit, alike), (light, before) = (np.mean(found[name], 0) for name in ("relit", "light"))
    assert relit < 0.9 * light and alike > before + 0.01


def test_any_size_of_texture_gives_the_same_light(clip_a, clip_b):
    drawn, solid = face(clip_b, 40)
    source, _ = face(clip_a, 40)
    large = [cv2.resize(p, (256, 256), interpolation=cv2.INTER_CUBIC).clip(0, 1) for p in (drawn, source)]
    gain = cv2.resize(relight.gain(*large, solid), (128, 128), interpolation=cv2.INTER_AREA)
    assert np.abs(np.log(gain / relight.gain(drawn, source, solid)))[ON.skin > 0.5].mean() < 0.02
