"""live_swap.py: one frame of A with B's face, as the network draws it at that moment, labelled."""

import numpy as np
import pytest

from faceswap_lib import profiles
from faceswap_lib.compose import live_swap
from faceswap_lib.face import faceset
from faceswap_lib.face.mesh import canvas
from faceswap_lib.network import batches, checkpoint
from faceswap_lib.network.run import Run

SMOKE = profiles.get("smoke")


@pytest.fixture(scope="module")
def run(facesets, scene) -> Run:
    sides = {s: batches.load_side(faceset.load(facesets[s]), canvas("mesh", 64), 60) for s in "ab"}
    return Run(None, scene[1], checkpoint.build(SMOKE, 0), sides, SMOKE, 0, None, 9, None, True)


def test_the_face_of_a_frame_changes_with_the_network_and_nothing_else_does(run, short, facesets, clip_a):
    paint = live_swap.painter(run, short["a"], facesets["a"], moment=0.5)
    first, again = paint(), paint()
    assert first.shape == (320, 320, 3) and first.dtype == np.uint8 and np.array_equal(first, again)
    stripes = np.where(np.arange(64)[:, None, None] % 16 < 8, 0.1, 0.9) * np.ones((64, 64, 3))
    run.net.decoder_b.get_layer("mean_texture").set(stripes)
    changed = np.abs(first.astype(int) - paint()).max(-1) > 20
    box = faceset.load(facesets["a"]).records[15].box
    x, y, w, h = map(int, box)
    assert changed[y : y + h, x : x + w].mean() > 0.2 and changed.mean() < 0.5
    assert not changed[:, : max(1, x - w // 2)].any(), "the room beside A stays"


def test_it_says_that_it_is_synthetic(run, short, facesets, monkeypatch):
    stamped = []

    class Label:
        def __init__(self, width, height, boxes):
            assert (width, height) == (320, 320) and len(boxes) == 30

        def stamp(self, index, frame):
            stamped.append(index)
            return frame

    monkeypatch.setattr(live_swap.label, "Label", Label)
    live_swap.painter(run, short["a"], facesets["a"])()
    assert stamped == [28], "of 30 faces, one that no training sees"
