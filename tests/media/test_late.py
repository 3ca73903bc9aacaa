"""late.py: whatever piece of a frame is asked for has the pixels that the whole frame has, in any turn."""

from itertools import product

import av
import cv2
import numpy as np
import pytest

from faceswap_lib import samples
from faceswap_lib.media import survey
from faceswap_lib.media.late import Late
from faceswap_lib.media.picture import Picture

WIDTH, HEIGHT = 416, 320
TURNS = [(1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0), (-1, 0, 0, 1)]
PIECES = [((0, 0), (60, 40)), ((101.5, 33.2), (203, 131)), ((250, 200), (900, 900)), ((-20, 90), (3, 1000))]


def picture(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 255, (height, width, 3)).astype("u1")
    return cv2.GaussianBlur(noise, (0, 0), 1.2)


def stored(pixels: np.ndarray, form: str) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=form)


def shown(frame: av.VideoFrame, turn: tuple = TURNS[0]) -> Picture:
    sides = (frame.width, frame.height)[:: -1 if abs(turn[1]) > abs(turn[0]) else 1]
    return Picture(*sides, turn)


@pytest.mark.parametrize(
    ("form", "turn"),
    [
        *product(["yuv420p", "yuv422p", "yuv444p"], TURNS),
        ("nv12", TURNS[1]),
        ("yuv420p10le", TURNS[1]),
        ("gray", TURNS[1]),
    ],
)
def test_a_piece_is_that_of_the_whole(form, turn):
    frame = stored(picture(), form)
    how = shown(frame, turn)
    whole = how.pixels(frame)
    for low, high in PIECES:
        pixels, (x, y) = Late(how, frame).piece(np.array(low), np.array(high))
        assert (pixels == whole[y : y + pixels.shape[0], x : x + pixels.shape[1]]).all()
        assert x <= max(0, low[0]) and x + pixels.shape[1] >= min(whole.shape[1], high[0])
        assert y <= max(0, low[1]) and y + pixels.shape[0] >= min(whole.shape[0], high[1])


def test_a_piece_of_a_video_is_that_of_the_whole():
    """Where its colours lie between its pixels is said by the decoder alone."""
    seen = survey.survey(samples.path("person_a"))
    frame, _ = next(survey.decode(samples.path("person_a"), seen.clock))
    pixels, (x, y) = Late(seen.picture, frame).piece(np.array([101, 99]), np.array([201, 188]))
    whole = seen.picture.pixels(frame)
    assert pixels.size < whole.size / 2 and (pixels == whole[y:, x:][: pixels.shape[0], : pixels.shape[1]]).all()


def test_a_small_piece_costs_little_and_serves_again():
    frame = stored(picture(), "yuv420p")
    late = Late(shown(frame), frame)
    once, _ = late.piece(np.array([100, 100]), np.array([150, 150]))
    again, _ = late.piece(np.array([110, 100]), np.array([150, 140]))
    assert once is again and once.size < 0.2 * WIDTH * HEIGHT * 3
    assert (late.whole() == Late(shown(frame), frame).whole()).all()


@pytest.mark.parametrize("form", ["yuv420p", "rgb24"])
def test_a_small_view_is_as_bright_as_the_picture(form):
    frame = stored(picture(), form)
    late = Late(shown(frame, TURNS[1]), frame)
    small = late.small()
    grey = cv2.cvtColor(late.whole(), cv2.COLOR_RGB2GRAY)[::8, ::8]
    assert small.shape == grey.shape and np.corrcoef(small.ravel(), grey.ravel())[0, 1] > 0.8
