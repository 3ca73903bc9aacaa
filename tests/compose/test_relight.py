"""relight.py: the gain is a light's and not a face's, and brings B nearer to the ideal swap."""

import shutil

import cv2
import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

from faceswap_lib import samples
from faceswap_lib.compose import color, relight, scenes
from faceswap_lib.face import detect, faceset
from faceswap_lib.face.geometry import transform
from faceswap_lib.face.mesh import canvas
from faceswap_lib.media import video
from faceswap_lib.network import batches

ON = canvas("mesh", 128)
MIDDLE = slice(30, 98)
MOUSTACHE = [205, 98, 164, 327, 425, 291, 270, 0, 40, 61]  # landmarks around one


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


def own_light(found: faceset.Faceset) -> tuple[scenes.Scene, np.ndarray, list[np.ndarray]]:
    """A person put on themselves: the scene, the mean texture, and the textures of every third frame."""
    side = batches.load_side(found, ON, 60)
    at = scenes.scene(found, ON, side.shape, side.shape)
    return at, side.mean, [texture / np.float32(255) for texture in side.targets[::3]]


def logarithm(at: scenes.Scene, faces: list[np.ndarray], off: np.ndarray | float) -> np.ndarray:
    """What each point's brightness changes by in its own light, the mean over frames, (128, 128, 3)."""
    each = relight.logarithms(faces, faces, at.solid[::3]) - off
    return np.mean([np.log(relight.of(one.astype("f4"), 128)) for one in each], 0)


@pytest.mark.parametrize("side", "ab")
def test_people_come_back_unchanged_from_their_own_light(facesets, side):
    at, mean, faces = own_light(faceset.load(facesets[side]))
    left = np.abs(logarithm(at, faces, relight.calibration(at, mean))[ON.skin > 0.5])
    assert left.mean() <= 0.01 and left.max() <= 0.1, (left.mean(), left.max())


def bearded(folder, into) -> faceset.Faceset:
    """A faceset's copy whose person has a moustache, which nobody in the network's cast had."""
    shutil.copytree(folder, into)
    found = faceset.load(into)
    for i in found.usable:
        flat = transform(found.transform(i), found.records[i].landmarks)[MOUSTACHE]
        area = cv2.fillPoly(np.zeros(found.image(i).shape[:2], "f4"), [np.round(flat).astype("i4")], 1.0)
        dark = 1 - 0.75 * cv2.GaussianBlur(area, (0, 0), 1.5)[..., None]
        faceset.save_image(found.folder / found.records[i].file, (found.image(i) * dark).astype("u1"))
    return found


def test_a_moustache_is_no_shadow(facesets, tmp_path):
    at, mean, faces = own_light(bearded(facesets["a"], tmp_path / "faces"))
    area = cv2.fillPoly(np.zeros((128, 128), "u1"), [np.round(ON.points[MOUSTACHE]).astype("i4")], 1) > 0
    area &= ON.skin > 0.5
    before, after = (logarithm(at, faces, off)[area].mean() for off in (0, relight.calibration(at, mean)))
    assert before > 0.1 and abs(after) < before / 4, "without it the network shaves"


def test_who_has_no_pictures_left_is_known_by_the_mean_alone(facesets, tmp_path):
    at, mean, _ = own_light(faceset.load(facesets["a"]))
    shutil.copytree(facesets["a"], tmp_path / "faces", ignore=shutil.ignore_patterns("*.png"))
    at.found = faceset.load(tmp_path / "faces")
    assert np.isfinite(relight.calibration(at, mean)).all()
