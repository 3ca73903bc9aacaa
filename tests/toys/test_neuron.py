"""neuron.py: what one neuron can and cannot part, and how many a ring takes."""

import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.toys import neuron


def best(name: str, hidden: int) -> float:
    """The best of three trainings."""
    nets = [neuron.TinyNet(name, hidden, seed) for seed in range(3)]
    for net in nets:
        for _ in range(400):
            net.step()
    return max(net.right for net in nets)


def test_a_neuron_is_half_on_its_line_and_more_where_its_weights_point():
    one = neuron.Neuron(1.0, 2.0, -0.5)
    assert one(np.array([[0.5, 0.0]], "f4")) == pytest.approx(0.5)
    assert one(np.array([[1.0, 1.0]], "f4"))[0, 0] == pytest.approx(1 / (1 + np.exp(-2.5)))
    field = neuron.field(one, 21)
    assert field[0, -1] == field.max() and field[-1, 0] == field.min()  # upper right and lower left of the plane


def test_one_neuron_parts_halves_and_no_corners():
    dots, labels = neuron.toy_set("halves")
    assert neuron.right(neuron.Neuron(4, 8, -2), dots, labels) == 1
    dots, labels = neuron.toy_set("corners")
    rng = np.random.default_rng(0)
    assert max(neuron.right(neuron.Neuron(*rng.normal(size=3)), dots, labels) for _ in range(2000)) < 0.85


def test_a_ring_takes_three_hidden_neurons():
    assert best("rings", 1) < 0.8 and best("rings", 2) < 0.92 and best("rings", 3) > 0.98


@pytest.mark.parametrize("name", neuron.SETS)
def test_a_set_is_two_kinds_within_the_plane_and_can_be_learned(name):
    dots, labels = neuron.toy_set(name)
    assert dots.shape == (neuron.DOTS, 2) and labels.mean() == 0.5 and abs(dots).max() < neuron.EDGE
    assert best(name, 8) > 0.97


def test_learning_lowers_the_loss_step_by_step():
    net = neuron.TinyNet("moons", 4)
    for _ in range(100):
        net.step()
    assert net.steps == len(net.losses) == 100 and net.losses[-1] < 0.6 * net.losses[0]


def test_an_unknown_set_lists_those_there_are():
    with pytest.raises(UserError, match="halves, corners, rings, moons"):
        neuron.toy_set("spirals")
