"""play_gan.py driven as a hand would: step, run, stop, reset, collapse, and the sliders."""

import asyncio

import cv2
import numpy as np
import pytest

from faceswap_lib.toys import gan2d
from faceswap_lib.widgets import play_gan


def shown(toy: play_gan.ToyGan) -> np.ndarray:
    """The picture that the widget shows."""
    return cv2.imdecode(np.frombuffer(toy.picture.value, "u1"), cv2.IMREAD_COLOR).astype(int)


def test_a_step_moves_the_dots_and_is_counted():
    toy = play_gan.gan()
    before = shown(toy)
    toy.buttons["Step"].click()
    assert toy.gan.round == 1 and "round 1:" in toy.status.value
    assert np.abs(shown(toy)[:, : play_gan.SIZE] - before[:, : play_gan.SIZE]).mean() > 0.5


def test_it_runs_beside_everything_else_until_it_is_stopped():
    toy = play_gan.gan()
    toy.speed.value = 2

    async def hand() -> int:
        toy.buttons["Run"].click()
        assert toy.buttons["Run"].disabled and not toy.buttons["Stop"].disabled
        await asyncio.sleep(0.4)
        toy.buttons["Stop"].click()
        stopped = toy.gan.round
        await asyncio.sleep(0.15)
        return stopped

    assert asyncio.run(hand()) == toy.gan.round > 2 and not toy.buttons["Run"].disabled
    toy.buttons["Reset"].click()
    assert toy.gan.round == 0 and len(toy.gan.history) == 1


def test_make_it_collapse_moves_the_sliders_and_back():
    toy = play_gan.gan()
    toy.collapse.value = True
    assert toy.sliders["generator_steps"].value == 10 and toy.gan.settings == gan2d.collapsing()
    toy.collapse.value = False
    assert toy.sliders["generator_steps"].value == 1 and toy.gan.settings == gan2d.fair()


def test_a_slider_changes_the_game():
    toy = play_gan.gan()
    toy.sliders["discriminator_steps"].value = 3
    toy.sliders["generator_rate"].value = 0.01
    assert toy.gan.settings.discriminator_steps == 3
    assert toy.gan.settings.generator_rate == pytest.approx(0.01)
    toy.buttons["Reset"].click()
    assert toy.gan.settings.discriminator_steps == 3


def test_every_control_has_a_name_and_the_still_picture_an_alt_text():
    toy = play_gan.gan()
    for control in (*toy.buttons.values(), *toy.sliders.values(), toy.speed, toy.collapse):
        assert control.description
    assert play_gan.ALT in toy.still and "of 8 groups reached" in toy.still
    assert "fsw-gan" in toy.widget._dom_classes


def test_the_story_tells_each_stage(monkeypatch):
    monkeypatch.setattr(play_gan, "STORY", ((0, False), (2, False), (2, True)))
    page = play_gan.story()
    assert page.count("<img") == 3 and "round 0:" in page and "round 4, made to collapse:" in page
