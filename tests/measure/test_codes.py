"""codes.py: the code drawn again is what the network draws, and its directions are those of the codes."""

import numpy as np
import pytest

from faceswap_lib import profiles
from faceswap_lib.measure.codes import Codes


@pytest.fixture(scope="module")
def codes(trained, facesets):
    return Codes(trained.model, facesets, most=24)


def test_a_code_drawn_again_is_what_the_whole_network_draws(codes, trained):
    from faceswap_lib.face.faceset import read_image
    from faceswap_lib.network import batches, checkpoint
    from faceswap_lib.network.model import draw

    net = checkpoint.build(profiles.get("smoke"), 0)
    checkpoint.restore(net, trained.model)
    seen, mean = codes.seen["a"], read_image(trained.model / "mean_a.png").astype("f4") / 255
    whole = draw(net, batches.ratio(seen.real, mean), seen.motions, "b")[3]
    again = codes.draw(seen.codes[3], seen.motions[3], "b").astype(int)
    assert np.abs(again - np.round(whole * 255)).max() <= 1


def test_the_directions_are_orthogonal_and_one_standard_deviation_long(codes):
    around = np.concatenate([one.codes - one.codes.mean(0) for one in codes.seen.values()])
    for k, along in enumerate(codes.directions):
        size = np.linalg.norm(along)
        assert (around @ along / size).std() == pytest.approx(size, rel=1e-2)
        assert all(abs(along @ other) < 1e-3 * size * np.linalg.norm(other) for other in codes.directions[:k])
    assert (np.diff(codes.share) <= 1e-6).all() and 0 < codes.share.sum() <= 1
    assert codes.numbers == 64  # half of the demo's


def test_the_decoders_draw_two_people(codes):
    seen = codes.seen["a"]
    a, b = (codes.draw(seen.codes[0], seen.motions[0], to).astype(int) for to in "ab")
    assert np.abs(a - b).mean() > 3
