"""occlusion.py: what lies in front of a face is told from its drawing, light and habit are not; and it stays."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from faceswap_lib.compose import occlusion
from faceswap_lib.face import anatomy, geometry
from faceswap_lib.face.mesh import canvas

ON = canvas("mesh", 128)
DISC = cv2.circle(np.zeros((128, 128), "f4"), (50, 78), 14, 1.0, -1) > 0
SEEN = np.ones((128, 128), "f4")


def textures(clip, count: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Textures uint8 (N, 128, 128, 3) of a clip's first frames, and how a network might draw them, softly."""
    seen = np.stack([ON.texture(clip.frames[i], clip.solid[i][:, :2]) for i in range(count)])
    return seen, np.stack([cv2.GaussianBlur(one, (0, 0), 0.8).astype("f4") / 255 for one in seen])


def union(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two areas, where the face is drawn."""
    inside = ON.alpha(None) > 0.5
    return float((one & other & inside).sum() / ((one | other) & inside).sum())


def test_an_object_is_found_where_it_is_and_a_bare_face_has_none(clip_a):
    seen, own = textures(clip_a, 8)
    tell = occlusion.Front(ON)
    for texture, drawn in zip(seen, own, strict=True):
        assert not tell.mask(texture, drawn, SEEN)[0].any()
        texture[DISC] = 40
        mask, units = tell.mask(texture, drawn, SEEN)
        assert union(mask > 0.5, DISC) > 0.8 and mask[DISC].mean() > 0.95
        assert units[DISC].mean() > 10 > 2 > units[~DISC].mean()


def test_what_is_hidden_does_not_count(clip_a):
    seen, own = textures(clip_a, 1)
    seen[0][DISC] = 40
    assert not occlusion.Front(ON).mask(seen[0], own[0], SEEN * ~DISC)[0][ON.inside > 0].any()


SLOPE = np.linspace(-1, 1, 128, dtype="f4")[None, :, None]
LIGHTS = {
    "darker": np.full((1, 1, 3), 0.6),
    "brighter": np.full((1, 1, 3), 1.3),
    "warm": np.array([[[1.1, 1, 0.8]]]),
    "from one side": np.exp(0.35 * SLOPE),
    "half in shadow": np.where(SLOPE > 0.1, 0.62, 1),
}


@pytest.mark.parametrize("light", LIGHTS)
def test_light_and_shadow_are_not_in_front(clip_a, light):
    seen, own = textures(clip_a, 3)
    for texture, drawn in zip(seen, own, strict=True):
        lit = (texture * LIGHTS[light]).clip(0, 255).astype("u1")
        assert occlusion.Front(ON).mask(lit, drawn, SEEN)[0].mean() < 0.002
        lit[DISC] = (20, 40, 160)
        assert union(occlusion.Front(ON).mask(lit, drawn, SEEN)[0] > 0.5, DISC) > 0.6, "and hide nothing"


def test_what_the_network_is_always_off_by_is_learned_and_what_covers_most_frames_is_not(clip_a):
    seen, own = textures(clip_a)
    own[:, 60:80, 70:90] -= 0.25
    tell = occlusion.Front(ON)
    assert tell.mask(seen[0], own[0], SEEN)[0][60:80, 70:90].mean() > 0.7
    seen[: int(0.7 * len(seen)), DISC] = 40
    tell.learn(seen, own)
    assert not tell.mask(seen[-1], own[-1], SEEN)[0].any()
    assert union(tell.mask(seen[0], own[0], SEEN)[0] > 0.5, DISC) > 0.7


def test_a_mask_stays_where_it_is_in_the_frame_on_a_face_of_another_shape(clip_a, clip_b):
    for i in (0, 60, 120):
        solid, other = clip_a.solid[i], clip_b.solid[40]
        m = geometry.similarity(other[anatomy.OVAL, :2], solid[anatomy.OVAL, :2])
        target = np.c_[geometry.transform(m, other[:, :2]), other[:, 2] * np.hypot(m[0, 0], m[0, 1])]
        black, white = np.zeros((320, 320, 3), "u1"), np.full((128, 128, 3), 255, "f4")
        mask = DISC.astype("f4")
        there = ON.draw(black, white, mask, solid)[..., 0] > 127
        carried, left = (
            ON.draw(black, white, x, target)[..., 0] > 127 for x in (occlusion.carry(mask, ON, solid, target), mask)
        )
        shares = [(x & there).sum() / (x | there).sum() for x in (carried, left)]
        assert shares[0] > 0.9 and shares[0] > shares[1]
    assert occlusion.carry(mask, ON, solid, solid) == pytest.approx(mask, abs=0.02)


def test_of_a_hand_in_front_all_is_kept_and_of_one_behind_nothing(clip_a):
    solid, mask = clip_a.solid[0], np.zeros((128, 128), "f4")
    x, y = np.round(solid[50, :2]).astype(int).tolist()
    hand = cv2.circle(np.zeros((320, 320), "u1"), (x, y), 18, 255, -1)
    there = ON.texture(hand, solid[:, :2]) > 127
    half = there & (np.arange(128) < np.flatnonzero(there.any(1)).mean())[:, None]
    assert union(occlusion.with_hands(mask, half, ON, solid, [hand]) > 0.5, there) > 0.9
    assert not occlusion.with_hands(mask, there & False, ON, solid, [hand]).any()


def test_what_is_behind_is_filled_in_and_the_mean_is_the_faces_own(scene, clip_a):
    at, frame = scene[0], clip_a.frames[10].copy()
    bare = {i: at.on.texture(clip_a.frames[i], at.solid[i][:, :2]).astype("f4") / 255 for i in range(len(at.solid))}
    means = []

    def own(seen: np.ndarray, indices: list[int], mean: np.ndarray) -> np.ndarray:
        means.append(mean)
        return np.stack([bare[i] for i in indices])

    keep = occlusion.keeper(at, own, np.zeros_like(bare[0]))
    x, y = np.round(at.solid[10][50, :2]).astype(int).tolist()
    cv2.circle(frame, (x, y), 16, (20, 40, 160), -1)
    seen = np.stack([at.on.texture(one, at.solid[10][:, :2]) for one in (frame, clip_a.frames[10])])
    filled, masks = keep([frame, clip_a.frames[10]], seen, [10, 10])
    inside = at.on.inside > 0
    assert masks[0].max() > 0.95 and not masks[1].any()
    assert np.abs(filled[0] / 255 - bare[10])[inside].max() < 0.1 < np.abs(seen[0] / 255 - bare[10])[inside].max()
    assert np.abs(means[-1] - np.mean(list(bare.values()), 0))[inside].mean() < 0.02


def test_hands_are_followed_over_no_border_and_not_backwards(scene, clip_a, monkeypatch):
    at, made = replace(scene[0], borders=(8, 16)), []
    bare = {i: at.on.texture(clip_a.frames[i], at.solid[i][:, :2]).astype("f4") / 255 for i in range(len(at.solid))}

    class Hands:
        def __init__(self) -> None:
            made.append(self)

        reset = __init__

        def covers(self, frame: np.ndarray) -> list[np.ndarray]:
            return []

    monkeypatch.setattr(occlusion, "Hands", Hands)
    own = lambda seen, indices, mean: np.stack([bare[i] for i in indices])  # noqa: E731
    keep = occlusion.keeper(at, own, np.zeros_like(bare[0]))

    def shown(*indices: int) -> int:
        """Faces with something in front; gives how many times hands were looked for anew."""
        frames = [clip_a.frames[i].copy() for i in indices]
        for frame, i in zip(frames, indices, strict=True):
            cv2.circle(frame, np.round(at.solid[i][50, :2]).astype(int).tolist(), 16, (20, 40, 160), -1)
        textures = [at.on.texture(frame, at.solid[i][:, :2]) for frame, i in zip(frames, indices, strict=True)]
        keep(frames, np.stack(textures), list(indices))
        return len(made)

    assert [shown(2, 3), shown(4), shown(8, 9), shown(12), shown(16), shown(17)] == [1, 1, 2, 2, 3, 3]
    assert shown(8, 9) == 4 and shown(8, 9) == 5, "the same piece once more"
    assert len(set(made)) == 1, "each takes memory that MediaPipe keeps"
