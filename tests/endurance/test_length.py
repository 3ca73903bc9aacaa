"""length.py: a leak is seen through what warms up, and a video of many frames is one that extraction follows."""

import mmap

import numpy as np

from faceswap_lib.media import video
from tests.endurance import length


def test_what_grows_by_the_frame_is_seen_and_what_warms_up_is_not():
    warm = [(i, 500 + 300 * (1 - np.exp(-i / 200))) for i in range(100, 3100, 100)]
    assert abs(length.slope(warm)) < 3
    assert 97 < length.slope([(i, mb + 0.1 * i) for i, mb in warm]) < 103


def test_memory_that_is_kept_is_noted():
    kept = []

    def work(tell) -> None:
        for done in range(1, 1001):
            kept.append(mmap.mmap(-1, 100 * 1024))  # pages of its own, that no earlier test has left
            kept[-1].write(bytes([1]) * 100 * 1024)
            tell(done, 1000, "frames")

    rows = length.watched(work)
    assert [done for done, _ in rows] == list(range(100, 1001, 100)) and 80 < length.slope(rows) < 120


def test_the_clip_is_as_long_as_asked_and_never_jumps(tmp_path):
    frames = list(video.frames(length.long(tmp_path, 420)))
    steps = [np.abs(x.astype(int) - y).mean() for x, y in zip(frames[1:], frames, strict=False)]
    assert len(frames) == 420 and max(steps) < 4 * np.median(steps)
