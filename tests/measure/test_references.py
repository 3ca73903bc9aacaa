"""references.py: swaps that need no training, each what it says, judged on the built-in people."""

from pathlib import Path

import agreed
import cv2
import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.compose import scenes
from faceswap_lib.face import faceset, geometry, identity, motion
from faceswap_lib.face.mesh import canvas
from faceswap_lib.measure import metrics, references
from faceswap_lib.media import video
from faceswap_lib.network import batches
from faceswap_lib.trust import consent, inspection


@pytest.fixture(scope="module")
def made(short, facesets, tmp_path_factory) -> dict[str, Path]:
    """The references of the short clip of A."""
    told = []
    a, b = (faceset.load(facesets[name]) for name in "ab")
    out = tmp_path_factory.mktemp("references")
    with pytest.raises(UserError, match="a.mp4 and b.mp4 there has to be a record of consent"):
        references.make(short["a"], a, b, out, 64)
    record = agreed.of(*short.values())
    clips = references.make(short["a"], a, b, out, 64, lambda *step: told.append(step), consent=record)
    assert set(clips.values()) <= set(consent.made(record))  # the record of these two clips is other tests' as well
    assert [step[:2] for step in told] == [(i, 90) for i in range(1, 91)]
    return clips


def likeness(clip: Path, solid: np.ndarray, index: int) -> np.ndarray:
    return identity.embed([*video.frames(clip)][index], solid[index, :, :2])


def test_every_reference_is_nearer_to_b_than_the_source(made, short, facesets, clip_b):
    assert tuple(made) == references.LABELS
    solid = faceset.load(facesets["a"]).solid
    b = np.mean([identity.embed(clip_b.frames[i], clip_b.faces[i][0].landmarks) for i in (0, 10, 20)], 0)
    was = np.linalg.norm(likeness(short["a"], solid, 8) - b)
    for clip in made.values():
        assert np.linalg.norm(likeness(clip, solid, 8) - b) < was - 0.1, clip
        assert video.probe(clip).frames == 30


def test_every_reference_is_labelled_as_synthetic(made, short):
    before = next(video.frames(short["a"])).astype(int)
    for clip in made.values():
        change = np.abs(next(video.frames(clip)) - before).mean(-1)
        corners = [change[y, x] for y in (np.s_[:20], np.s_[-20:]) for x in (np.s_[:150], np.s_[-150:])]
        assert max(corner.mean() for corner in corners) > 20
        assert {layer.state for layer in inspection.inspect(clip)} == {"intact"}, "and by all other marks"


def test_the_paste_is_sharper_and_jumps_more_than_what_goes_through_the_mesh(made, facesets):
    solid = faceset.load(facesets["a"]).solid
    sharp, still = {}, {}
    for label, clip in made.items():
        pictures = [*video.frames(clip)]
        inside = [cv2.erode(geometry.mask(p[:, :2], (320, 320)), np.ones((25, 25))) for p in solid]
        sharp[label] = np.mean([metrics.sharpness(*pair) for pair in zip(pictures, inside, strict=True)])
        textures = [canvas("mesh", 64).texture(f, p[:, :2]).astype(float) for f, p in zip(pictures, solid, strict=True)]
        still[label] = np.abs(np.diff(textures, axis=0)).mean()
    assert sharp["classic paste"] > 1.2 * sharp["B's mean"]
    assert still["classic paste"] > 1.2 * still["B's mean"]


def test_the_nearest_frames_of_a_person_to_herself_are_her_own(facesets):
    b, on = faceset.load(facesets["b"]), canvas("mesh", 64)
    side = batches.load_side(b, on, 100)
    at = scenes.scene(b, on, motion.person(motion.smooth(b.solid, b.frames)).mean, side.shape)
    drawn = references.nearest(at, side)(None, None, list(range(len(side.targets)))) * 255
    mean = np.repeat(side.mean[None] * 255, len(drawn), 0)
    seen = (side.weights.astype("f4") > 0.5) & (on.inside > 0.5)[None, ..., None]
    near, far = (np.abs(p - side.targets)[np.broadcast_to(seen, p.shape)].mean() for p in (drawn, mean))
    assert near < 0.7 * far and drawn.min() >= 0 and drawn.max() <= 255


def test_a_paste_of_a_persons_own_faces_is_that_person_unchanged(facesets):
    a = faceset.load(facesets["a"])
    draw = references.paste(a, a, 128)
    found = draw(None, None, [3, 17]) * 255
    for picture, i in zip(found, (3, 17), strict=True):
        again = canvas("similarity", 128).texture(a.image(i), geometry.transform(a.transform(i), a.solid[i][:, :2]))
        assert np.abs(picture - again).max() < 1e-3
