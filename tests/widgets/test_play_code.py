"""play_code.py driven as a hand would: sliders change the faces, the box swaps the decoders."""

import time

import cv2
import numpy as np
import pytest

from faceswap_lib.widgets import play_code
from faceswap_lib.widgets.play_code import HEAD, TILE


@pytest.fixture(scope="module")
def bench(trained, facesets):
    return play_code.code(trained.model, facesets)


def tiles(bench: play_code.CodeBench) -> np.ndarray:
    """The four faces that the widget shows, (4, TILE, TILE, 3)."""
    picture = cv2.imdecode(np.frombuffer(bench.picture.value, "u1"), cv2.IMREAD_COLOR).astype(int)[HEAD:]
    return np.stack(np.split(picture, 4, 1))


def test_a_slider_changes_what_is_drawn_and_nothing_that_is_real(bench):
    before = tiles(bench)
    directions = bench.codes.directions
    bench.codes.directions = directions * 1000  # forty steps of training teach little
    bench.sliders[0].value = 4
    change = np.abs(tiles(bench) - before).mean((1, 2, 3))
    assert min(change[[1, 3]]) > 3 * max(change[[0, 2]])  # a JPEG's blocks reach a little into their neighbours
    bench.reset()
    bench.codes.directions = directions
    bench.show()
    assert np.array_equal(tiles(bench), before) and bench.sliders[0].value == 0


def test_the_box_swaps_the_decoders(bench):
    before = tiles(bench)
    bench.swap.value = True
    after = tiles(bench)
    bench.swap.value = False
    assert np.abs(after[1] - before[3]).mean() < np.abs(after[1] - before[1]).mean()  # drawn by B now: like B
    assert np.array_equal(tiles(bench), before)


def test_a_drawing_takes_a_blink(bench):
    start = time.perf_counter()
    bench.moment.value = 0
    bench.moment.value = 1
    assert time.perf_counter() - start < 2 * 1.5  # measured: 0.03 s each; a busy machine has its time


def test_every_control_has_a_name_and_the_picture_an_alt_text(bench):
    for control in (*bench.sliders, bench.moment, bench.swap):
        assert control.description
    assert play_code.ALT in bench.still and bench.picture.tooltip == play_code.ALT
    assert TILE * 4 == int(bench.picture.layout.width.removesuffix("px"))
