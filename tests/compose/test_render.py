"""render.py: faces are drawn where the scene says, from what lies behind, and nothing else of a frame changes."""

import cv2
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from faceswap_lib.compose import color, render, scenes
from faceswap_lib.face import geometry
from faceswap_lib.media import video
from faceswap_lib.trust import label
from faceswap_lib.trust.statement import Statement

PLAIN = color.matched("none", None, None)  # which asks neither scene nor texture


def test_the_new_face_is_drawn_from_what_is_behind_and_only_where_nothing_is_in_front(scene, clip_a):
    at, size = scene[0], scene[0].on.size
    given = []

    def drawer(seen: np.ndarray, moves: np.ndarray, indices: list[int]) -> np.ndarray:
        given.append(seen)
        return np.zeros((len(seen), size, size, 3), "f4")

    def keeper(pictures: list, seen: np.ndarray, indices: list[int]) -> tuple[np.ndarray, list[np.ndarray]]:
        assert pictures[0] is frames[3] and indices == [3, 4] and seen.shape == (2, size, size, 3)
        return np.full_like(seen, 77), [np.ones((size, size), "f4"), np.zeros((size, size), "f4")]

    frames = {i: clip_a.frames[i] for i in (3, 4)}
    out = render.faces_drawn(frames, at, drawer, PLAIN, keeper)
    assert (given[0] == 77).all() and (out[3] == frames[3]).all() and (out[4] != frames[4]).any()


def test_a_face_that_is_drawn_as_it_is_hardly_changes_its_frame(scene, clip_a):
    at = scene[0]
    own = scenes.Scene(at.found, at.on, at.solid, at.own, at.own, at.solid)  # it goes where it came from
    frames, seen = {i: clip_a.frames[i] for i in (2, 9)}, []

    def drawer(textures: np.ndarray, moves: np.ndarray, indices: list[int]) -> np.ndarray:
        seen.append(indices)
        assert moves == pytest.approx(np.stack([at.on.motion_picture(own.moves[i]) for i in indices]))
        return textures.astype("f4") / 255

    out = render.faces_drawn(frames, own, drawer, PLAIN)
    assert seen == [[2, 9]] and list(out) == [2, 9]
    for i, picture in out.items():
        inside = geometry.mask(at.solid[i][:, :2], picture.shape) > 0
        assert peak_signal_noise_ratio(frames[i][inside], picture[inside]) > 24, "a texture of 64 pixels"
        assert (picture == frames[i])[~cv2.dilate(inside.astype("u1"), np.ones((25, 25))).astype(bool)].all()


def test_frames_without_a_face_are_not_drawn(scene, clip_a):
    def nobody(*_: object) -> np.ndarray:
        raise AssertionError("nobody is to be drawn")

    at, frame = scene[0], clip_a.frames[0]
    assert render.faces_drawn({500: frame, 501: frame}, at, nobody, PLAIN) == {}
    drawn = render.faces_drawn({500: frame, 3: clip_a.frames[3]}, at, lambda t, m, i: t / np.float32(255), PLAIN)
    assert list(drawn) == [3]


def test_a_video_is_drawn_in_batches_and_every_frame_is_labelled(scene, short, tmp_path):
    asked, told = [], []

    def drawer(textures: np.ndarray, moves: np.ndarray, indices: list[int]) -> np.ndarray:
        asked.append(indices)
        return textures.astype("f4") / 255

    out = tmp_path / "out.mp4"
    facts = Statement("drawn as it is", video.sha256(short["a"]), consent="test")
    count = render.render(short["a"], out, scene[0], drawer, PLAIN, lambda *step: told.append(step[:2]), facts=facts)
    assert count == 30 and told == [(i, 30) for i in range(1, 31)]
    assert sum(asked, []) == list(range(30)) and max(map(len, asked)) == render.BATCH
    boxes = {r.frame: [np.array(r.box)] for r in scene[0].found.contents.faces}
    mark = label.Label(320, 320, boxes)
    for i, (before, after) in enumerate(zip(video.frames(short["a"]), video.frames(out), strict=True)):
        x, y, w, h = mark.place(i)
        assert np.abs(after[y : y + h, x : x + w].astype(int) - before[y : y + h, x : x + w]).mean() > 20


def test_a_batch_ends_at_a_border():
    numbered = [(i, np.zeros(1)) for i in range(40)]
    each = [[index for index, _ in chunk] for chunk in render.batches(iter(numbered), (20, 36))]
    assert each == [list(range(16)), list(range(16, 20)), list(range(20, 36)), list(range(36, 40))]
    assert list(map(len, render.batches(iter(numbered)))) == [16, 16, 8] and list(render.batches(iter([]))) == []
