"""motion.py on points whose pose is made here, and on the curves the clips were rendered with."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from skimage.transform import SimilarityTransform

from faceswap_lib.face import anatomy, geometry, motion

SAMPLES = Path(__file__).resolve().parents[2] / "setup" / "samples"
KEEP = anatomy.ANCHOR + anatomy.OVAL


def posed(solid: np.ndarray, seed: int = 0) -> np.ndarray:
    """Every frame (478, 3) turned, scaled and moved on its own."""
    random = np.random.default_rng(seed)
    turns = Rotation.from_euler("yxz", random.uniform(-40, 40, (len(solid), 3)), degrees=True)
    scale, shift = random.uniform(0.5, 2, (len(solid), 1, 1)), random.uniform(-200, 200, (len(solid), 1, 3))
    return np.einsum("nij,nkj->nki", turns.as_matrix(), solid) * scale + shift


def wobble(count: int, seed: int = 0) -> np.ndarray:
    """A canonical face with irises that jitters: (N, 478, 3) pixels."""
    face = np.r_[anatomy.canonical(), np.repeat(anatomy.canonical()[[159, 386]], 5, 0)] * 100 + 200
    return face + np.random.default_rng(seed).normal(0, 1, (count, 478, 3))


def test_motion_knows_nothing_of_pose(clip_a):
    solid = clip_a.solid[:40]
    own = motion.person(solid)
    moved = posed(solid)
    again = motion.person(moved, own.mean)
    size = np.abs(own.motion).mean()
    assert np.abs(again.motion - own.motion).max() < 0.01 * size
    free = motion.person(moved)
    assert np.abs(free.mean - own.mean).max() < 0.05 and np.abs(free.motion - own.motion).mean() < 0.1 * size


def test_motion_follows_the_jaw_the_clip_was_rendered_with(clip_a):
    jaw = [frame["jawOpen"] for frame in json.loads((SAMPLES / "performance_a.json").read_text())]
    moves = motion.person(clip_a.solid).motion
    assert np.corrcoef(moves[:, 14, 1] - moves[:, 13, 1], jaw)[0, 1] > 0.9
    assert np.corrcoef(moves[:, 17, 1], jaw)[0, 1] > 0.8
    assert moves[:, 6].std(0).max() < 0.25 * moves[:, 17, 1].std(), "the bridge of the nose stays where it is"


def test_a_persons_shape_lies_on_the_canonical_face_and_motion_is_about_it(clip_a, clip_b):
    for clip in (clip_a, clip_b):
        person = motion.person(clip.solid)
        assert person.mean.shape == (478, 3) and person.motion.shape == clip.solid.shape
        assert np.linalg.norm(person.mean[263] - person.mean[33]) == pytest.approx(1, abs=0.15)
        assert geometry.pose(person.mean[:, :2], person.mean[:, 2]) == pytest.approx((0, 0, 0), abs=3)
        assert np.abs(np.median(person.motion, 0)).max() < 0.01


def test_own_shape_with_own_motion_gives_back_the_own_points(clip_a):
    solid = clip_a.solid[:20]
    person = motion.person(solid)
    for moves, fit, points in zip(person.motion, person.fits, solid, strict=True):
        assert motion.target(person.mean, moves, fit, points) == pytest.approx(points, abs=1e-2)


def test_another_shape_is_laid_where_the_face_was(clip_a, clip_b):
    mine, theirs = motion.person(clip_a.solid), motion.person(clip_b.solid)
    for i in (0, 70, 140):
        solid = clip_a.solid[i]
        drawn = motion.target(theirs.mean, mine.motion[i], mine.fits[i], solid)
        left_over = SimilarityTransform()
        assert left_over.estimate(drawn[KEEP, :2], solid[KEEP, :2])
        left_over = left_over.params
        assert left_over == pytest.approx(np.eye(3), abs=1e-3)
        ours, other = (geometry.pose(p[:, :2], p[:, 2]) for p in (solid, drawn))
        assert other == pytest.approx(ours, abs=8)
        shapes = motion.person(drawn[None], theirs.mean).motion[0] - mine.motion[i]
        assert np.abs(shapes).max() < 0.02, "the drawn face is B's shape with A's motion"


def test_lids_are_as_far_open_of_their_own_opening(clip_a, clip_b):
    a, b = (motion.person(clip.solid) for clip in (clip_a, clip_b))
    for mine, theirs in ((a, b), (b, a)):
        drawn = theirs.mean + mine.motion * motion.carried(mine.mean, theirs.mean)
        for pairs in anatomy.LID_PAIRS:
            upper, lower = np.array(pairs).T
            here, there = ((p[..., lower, 1] - p[..., upper, 1]).mean(-1) for p in (mine.mean + mine.motion, drawn))
            now, then = here / np.median(here), there / np.median(there)
            assert np.abs(now - then).max() < 0.12, "as far open, of its own opening"
    shares = motion.carried(a.mean, b.mean)
    assert shares[159] < 0.9 and shares[[1, 152, 13, 468]] == pytest.approx(1), "only near the lids"
    assert motion.carried(a.mean, a.mean) == pytest.approx(1)


def test_lips_part_and_close_as_the_others_do(clip_a, clip_b):
    def apart(shapes: np.ndarray) -> np.ndarray:
        upper, lower = np.array(anatomy.LIP_PAIRS).T
        return (shapes[..., lower, 1] - shapes[..., upper, 1]).mean(-1)

    a, b = (motion.person(clip.solid) for clip in (clip_a, clip_b))
    for mine, theirs in ((a, b), (b, a)):
        more, wanted = motion.parted(mine.mean, theirs.mean, mine.motion), apart(mine.mean + mine.motion)
        before, after = (np.abs(apart(theirs.mean + add + mine.motion) - wanted).mean() for add in (0, more))
        assert before > 0.01 and after < 0.65 * before
        assert np.abs(more[[1, 6, 33, 263, 468]]).max() < 0.2 * np.abs(more[14]).max(), "nose and eyes stay"
    assert motion.parted(a.mean, a.mean, a.motion) == pytest.approx(0)
    assert motion.parted(a.mean, b.mean, 0 * a.motion) == pytest.approx(0), "who keeps still shows no way"


def test_segments_end_at_cuts_and_gaps():
    points, frames = wobble(12), np.arange(12)
    assert motion.segments(points, frames) == [slice(0, 12)]
    points[5:] += [60, 0, 0]
    assert motion.segments(points, frames) == [slice(0, 5), slice(5, 12)]
    frames[8:] += 3
    assert motion.segments(points, frames) == [slice(0, 5), slice(5, 8), slice(8, 12)]
    assert motion.segments(points[:0], frames[:0]) == []


@pytest.mark.parametrize("how", ["cut", "gap"])
def test_smoothing_does_not_cross(how):
    points, frames = wobble(14), np.arange(14)
    if how == "cut":
        points[6:] += [80, 0, 0]
    else:
        frames[6:] += 5
    apart = [motion.smooth(points[part], frames[part]) for part in (slice(0, 6), slice(6, 14))]
    assert motion.smooth(points, frames) == pytest.approx(np.concatenate(apart))


def test_smoothing_takes_jitter_and_leaves_what_is_steady():
    still, frames = wobble(20), np.arange(20)
    still[:] = still[0]
    assert motion.smooth(still, frames) == pytest.approx(still)
    drift = still + np.arange(20)[:, None, None] * [1.5, -0.5, 0]
    assert motion.smooth(drift, frames)[4:-4] == pytest.approx(drift[4:-4])
    noisy = wobble(60)
    before, after = noisy.std(0).mean(), motion.smooth(noisy, np.arange(60)).std(0).mean()
    assert 0.4 < after / before < 0.8
    assert motion.smooth(noisy, np.arange(60), 0) == pytest.approx(noisy)


def test_smoothing_leaves_no_quick_turn_behind():
    still, frames = wobble(30), np.arange(30)
    still[:] = still[0]
    eyes = np.linalg.norm(still[0, 263, :2] - still[0, 33, :2])
    there = np.clip(np.arange(30) - 10, 0, 4)[:, None, None] * [0.2 * eyes, 0, 0]
    found = still + there
    assert motion.segments(found, frames) == [slice(0, 30)], "it is no cut"
    middle = (motion.smooth(found, frames) - found)[:, anatomy.ANCHOR, :2].mean(1)
    assert np.abs(middle).max() < 0.012 * eyes, "where it starts and stops at once"
    slow = still + there / 20
    assert np.abs(motion.smooth(slow, frames) - slow).max() > 0, "what moves slowly is smoothed"
