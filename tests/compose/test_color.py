"""color.py: every method does what its name says, checked with scikit-image's Lab and numpy's quantiles."""

import cv2
import numpy as np
import pytest
from skimage.color import rgb2lab

from faceswap_lib import UserError
from faceswap_lib.compose import color
from faceswap_lib.face.mesh import canvas

SIZE = 96
KINDS = ("mesh", "similarity")


def pair(clip_a, clip_b, kind: str) -> tuple[np.ndarray, np.ndarray, object]:
    """B's face as drawn, A's as filmed, float32 (S, S, 3) in [0, 1], and the canvas."""
    on = canvas(kind, SIZE)
    drawn, source = (on.texture(c.frames[40], c.solid[40, :, :2]).astype("f4") / 255 for c in (clip_b, clip_a))
    return drawn, source, on


def low(picture: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The picture's low frequencies inside the face, by a plain box."""
    weight = cv2.blur(inside.astype("f4"), (25, 25))[..., None]
    return (cv2.blur(picture * inside[..., None], (25, 25)) / (weight + 1e-6))[inside]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", list(color.METHODS))
def test_a_method_gives_a_picture_and_leaves_its_input_alone(clip_a, clip_b, kind, name):
    drawn, source, on = pair(clip_a, clip_b, kind)
    kept = drawn.copy(), source.copy()
    out = color.method(name)(drawn, source, on)
    assert out.shape == (SIZE, SIZE, 3) and out.dtype == np.float32 and 0 <= out.min() and out.max() <= 1
    assert (drawn == kept[0]).all() and (source == kept[1]).all()
    assert (np.abs(out - drawn)[on.inside > 0.5].mean() > 0.02) == (name != "none")


@pytest.mark.parametrize("name", list(color.METHODS))
def test_a_face_matched_with_itself_stays_as_it_is(clip_a, clip_b, name):
    drawn, _, on = pair(clip_a, clip_b, "mesh")
    inside = on.inside > 0.5
    assert np.abs(color.method(name)(drawn, drawn, on) - drawn)[inside].max() < 0.004


@pytest.mark.parametrize("kind", KINDS)
def test_mean_gives_the_sources_mean_and_spread_in_lab(clip_a, clip_b, kind):
    drawn, source, on = pair(clip_a, clip_b, kind)
    inside = on.inside > 0.5
    out, want, before = (rgb2lab(p)[inside] for p in (color.mean(drawn, source, on), source, drawn))
    assert out.mean(0) == pytest.approx(want.mean(0), abs=0.7)
    assert out.std(0) == pytest.approx(want.std(0), rel=0.1)
    assert np.abs(before.mean(0) - want.mean(0)).max() > 3, "or there was nothing to do"


@pytest.mark.parametrize("kind", KINDS)
def test_histogram_gives_the_sources_distribution(clip_a, clip_b, kind):
    drawn, source, on = pair(clip_a, clip_b, kind)
    inside, steps = on.inside > 0.5, np.linspace(0.02, 0.98, 25)
    out = color.histogram(drawn, source, on)
    for channel in range(3):
        mine, want = (np.quantile(p[inside][:, channel], steps) for p in (out, source))
        assert mine == pytest.approx(want, abs=0.02)
        order = np.argsort(drawn[inside][:, channel], kind="stable")
        assert (np.diff(out[inside][order, channel]) >= -1e-6).all(), "what was brighter stays brighter"
    assert (out == drawn)[~inside].all()


@pytest.mark.parametrize("kind", KINDS)
def test_light_takes_the_sources_low_frequencies_and_keeps_the_detail(clip_a, clip_b, kind):
    drawn, source, on = pair(clip_a, clip_b, kind)
    inside = on.inside > 0.5
    out = color.light(drawn, source, on)
    before, after = (np.abs(low(p, inside) - low(source, inside)).mean() for p in (drawn, out))
    assert after < 0.4 * before
    fine = [
        (p - cv2.GaussianBlur(p, (0, 0), 2))[cv2.erode(inside.astype("u1"), np.ones((9, 9))) > 0].ravel()
        for p in (drawn, out, source)
    ]
    assert np.corrcoef(fine[0], fine[1])[0, 1] > 0.9 > 0.7 > np.corrcoef(fine[2], fine[1])[0, 1]
    assert rgb2lab(out)[inside].mean(0) == pytest.approx(rgb2lab(source)[inside].mean(0), abs=1.5)


def test_light_brings_a_lamp_at_one_side_along(clip_a, clip_b):
    drawn, source, on = pair(clip_a, clip_b, "mesh")
    lamp = np.linspace(0.6, 1.0, SIZE, dtype="f4")[None, :, None]
    inside = on.inside > 0.5
    inside[:, 20:-20] = False
    left, right = inside.copy(), inside.copy()
    left[:, SIZE // 2 :] = right[:, : SIZE // 2] = False
    plain, lit = (color.light(drawn, s, on) for s in (source, source * lamp))
    slope = [np.log(p[right].mean() / p[left].mean()) for p in (plain, lit)]
    assert slope[1] - slope[0] == pytest.approx(np.log(0.95 / 0.65), abs=0.15)


@pytest.mark.parametrize("name", list(color.METHODS))
@pytest.mark.parametrize("levels", [(0, 1), (1, 0), (0, 0), (1, 1)])
def test_black_and_white_give_numbers(name, levels):
    on = canvas("mesh", SIZE)
    drawn, source = (np.full((SIZE, SIZE, 3), level, "f4") for level in levels)
    out = color.method(name)(drawn, source, on)
    assert np.isfinite(out).all() and 0 <= out.min() and out.max() <= 1


def test_an_unknown_method_is_answered_with_the_known_ones():
    with pytest.raises(UserError, match="'lab'.*light, mean, histogram, none"):
        color.method("lab")


def test_eyes_and_teeth_do_not_glow_in_a_lighter_complexion(clip_a, clip_b):
    drawn, source, on = pair(clip_a, clip_b, "mesh")
    gain = gained(drawn * (1 - 0.4 * on.skin[..., None]), source, on, clip_a.solid[40])
    assert np.median(gain[on.skin > 0.5]) > 1.3, "the skin takes it on"
    assert gain[within(on)].mean() < 1.15, "a soft edge apart"


def test_eyes_glint_no_more_than_the_sources(clip_a, clip_b):
    drawn, source, on = pair(clip_a, clip_b, "mesh")
    eyes = np.maximum(*on.parts[:2])[..., None]
    glinting = drawn + eyes * (1 - drawn) * (drawn > np.percentile(drawn[eyes[..., 0] > 0.5], 80))
    out = color.relit(glinting, source, on, clip_a.solid[40])
    brightest, theirs = (np.percentile(p.mean(-1)[eyes[..., 0] > 0.5], 99) for p in (out, source))
    assert brightest < theirs, "a highlight of B's lamp stays no brighter than A's eyes"


def test_eyes_and_teeth_grow_brighter_with_the_light(clip_a, clip_b):
    drawn, source, on = pair(clip_a, clip_b, "mesh")
    gain = gained(drawn * 0.6, source, on, clip_a.solid[40])
    assert 1.2 < gain[within(on)].mean() < 1.7, "the light that was taken away is 1 in 0.6"


def gained(drawn, source, on, solid):
    """How much brighter each point comes out of `relit`."""
    return (color.relit(drawn.astype("f4"), source, on, solid) + 1e-3) / (drawn + 1e-3)


def within(on):
    """Eyes and mouth without their edge, bool (S, S)."""
    return np.max([cv2.erode(part, np.ones((3, 3))) for part in on.parts], 0) > 0.5


def test_asked_of_many_at_once_the_light_is_that_of_each(clip_a, clip_b, scene):
    at, seen = scene[0], [5, 12, 20]
    faces, sources = (
        np.stack([at.on.texture(clip.frames[i], clip.solid[i][:, :2]) for i in seen]) / np.float32(255)
        for clip in (clip_b, clip_a)
    )
    match = color.matched("relit", at, faces.mean(0))
    for k, lit in enumerate([work() for work in match(faces, sources, at.on, at.targets[seen])]):
        one = slice(k, k + 1)
        (alone,) = match(faces[one], sources[one], at.on, at.targets[seen][one])
        assert np.abs(alone() - lit).max() < 1e-3 and np.abs(lit - faces[k]).mean() > 0.01
