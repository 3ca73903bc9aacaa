"""mark.py: it is read after what people do to videos, is hard to see, and is not found where there is none."""

import cv2
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from faceswap_lib.media import video
from faceswap_lib.trust import mark

NUMBER = 1_234_567


@pytest.fixture(scope="module")
def frames(clip_b) -> list[np.ndarray]:
    return clip_b.frames[::20]


@pytest.fixture(scope="module")
def marked(frames) -> list[np.ndarray]:
    one = mark.Mark(320, 320, NUMBER)
    return [one.stamp(frame) for frame in frames]


def squeezed(frames: list[np.ndarray], folder, crf: int) -> list[np.ndarray]:
    video.write(folder / "small.mp4", frames, 24, crf=crf, overwrite=True)
    return [*video.frames(folder / "small.mp4")]


def test_it_is_hard_to_see(frames, marked):
    for before, after in zip(frames[::4], marked[::4], strict=True):
        assert peak_signal_noise_ratio(before, after) > 43
        assert structural_similarity(before, after, channel_axis=2) > 0.98
        assert np.abs(before.astype(int) - after).max() <= 4


@pytest.mark.parametrize("crf", (18, 28, 33))
def test_it_is_read_after_compression(marked, tmp_path, crf):
    found = mark.read(squeezed(marked, tmp_path, crf))
    assert found.found and found.number == NUMBER


CHANGES = {
    "half": lambda f: cv2.resize(f, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "twice": lambda f: cv2.resize(f, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC),
    "cut": lambda f: f[16:304, 16:304],
    "cut on one side": lambda f: f[:, 32:],
    "cut in a corner": lambda f: f[30:, :290],
    "darker": lambda f: (f * 0.8).astype("u1"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_it_is_read_after_scaling_and_cropping(marked, tmp_path, change):
    found = mark.read(squeezed([np.ascontiguousarray(CHANGES[change](f)) for f in marked], tmp_path, 20))
    assert found.found and found.number == NUMBER


def test_one_frame_is_enough_where_it_is_little_compressed(marked, tmp_path):
    found = [mark.read([frame]) for frame in squeezed(marked[:3], tmp_path, 18)]
    assert all(each.found for each in found) and sum(each.number == NUMBER for each in found) >= 2


def test_nothing_is_found_where_there_is_none(frames, clip_a):
    random = np.random.default_rng(0)
    flat, noise = np.full((240, 320, 3), 90, "u1"), random.integers(0, 256, (240, 320, 3), "u1")
    for some in (frames, clip_a.frames[:1], [flat], [noise]):
        found = mark.read(some)
        assert not found.found and found.number is None


@pytest.mark.parametrize("size", ((1280, 720), (720, 1280), (1920, 1080), (128, 96), (1600, 400)))
def test_every_size_carries_it(size):
    random = np.random.default_rng(1)
    plain = cv2.GaussianBlur(random.integers(0, 256, (size[1], size[0], 3), "u1"), (0, 0), 5)
    found = mark.read([mark.Mark(*size, NUMBER).stamp(plain)])
    assert found.found and found.number == NUMBER


def test_a_number_stands_for_a_file():
    assert mark.number_of("ab" * 32) == mark.number_of("ab" * 32) != mark.number_of("cd" * 32)
    assert 0 <= mark.number_of("f" * 64) < 1 << mark.BITS
