"""mlp.py against differences: every gradient is what a small nudge does to the answer."""

import numpy as np
import pytest

from faceswap_lib.toys.mlp import Adam, Mlp


@pytest.mark.parametrize("tanh", [True, False])
def test_the_backward_pass_is_what_a_nudge_does(tanh):
    rng = np.random.default_rng(0)
    net, x, by = Mlp((3, 5, 4, 2), rng, tanh), rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    net.weights = [w.astype("f8") for w in net.weights]
    net.biases = [rng.normal(0, 0.5, b.shape) for b in net.biases]
    found, at_inputs = net.backward(net.forward(x), by)
    for array, gradient in [*zip(net.parameters, found, strict=True), (x, at_inputs)]:
        for place in [(0,) * array.ndim, tuple(n - 1 for n in array.shape)]:
            was, sums = array[place], []
            for nudge in (1e-6, -1e-6):
                array[place] = was + nudge
                sums.append((net(x) * by).sum())
            array[place] = was
            assert gradient[place] == pytest.approx((sums[0] - sums[1]) / 2e-6, rel=1e-4, abs=1e-7)


def test_rows_in_blocks_give_what_all_at_once_give():
    net, x = Mlp((2, 8, 1), np.random.default_rng(0)), np.random.default_rng(1).normal(size=(128, 2)).astype("f4")
    together = net.backward(net.forward(x), np.ones((128, 1), "f4"))[0]
    parts = [net.backward(net.forward(x[i : i + 32]), np.ones((32, 1), "f4"))[0] for i in range(0, 128, 32)]
    for whole, pieces in zip(together, zip(*parts, strict=True), strict=True):
        assert whole == pytest.approx(sum(pieces), rel=1e-3, abs=1e-4)


def test_adam_walks_to_the_bottom_in_place():
    place = [np.array([3.0, -2.0])]
    rule = Adam(place)
    for _ in range(400):
        rule.step([2 * (place[0] - [1, 1])], 0.05)
    assert place[0] == pytest.approx([1, 1], abs=0.02)
