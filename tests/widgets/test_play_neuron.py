"""play_neuron.py driven as a hand would: a neuron by its sliders, a network by its button."""

import asyncio

from faceswap_lib.widgets import play_neuron


def test_the_sliders_turn_the_neuron():
    hand = play_neuron.one()
    before, shown = hand.right, hand.picture.value
    for name, value in {"w1": 2.0, "w2": 4.0, "b": -1.0}.items():
        hand.sliders[name].value = value
    assert before < 0.9 and hand.right == 1 and hand.picture.value != shown
    assert "160 of 160 dots right" in hand.status.value and "160 of 160 dots right" in hand.still


def test_the_network_trains_while_others_run_and_can_be_stopped():
    net = play_neuron.few("rings", 3)

    async def hand() -> None:
        net.buttons["Train"].click()
        await asyncio.sleep(0.3)
        net.buttons["Stop"].click()

    asyncio.run(hand())
    assert 0 < net.net.steps < play_neuron.MOST and not net.buttons["Train"].disabled
    net.buttons["Step"].click()
    assert net.net.steps == len(net.net.losses) and f"step {net.net.steps}:" in net.status.value


def test_a_training_ends_by_itself(monkeypatch):
    monkeypatch.setattr(play_neuron, "MOST", 10)
    net = play_neuron.few("halves", 1)

    async def hand() -> None:
        net.buttons["Train"].click()
        await asyncio.sleep(0.4)
        assert not net.loop.running

    asyncio.run(hand())
    assert net.net.steps == 10


def test_another_number_of_neurons_or_other_dots_begin_anew():
    net = play_neuron.few("rings", 1)
    net.train(300)
    assert net.right < 0.8
    net.hidden.value = 3
    assert net.net.steps == 0 and len(net.net.net.biases[0]) == 3
    net.train(300)
    assert net.right > 0.95
    net.set.value = "moons"
    assert net.net.steps == 0 and "moons" not in net.still and "3 hidden neurons" in net.still
