"""controls.py: pictures with their words, escaped; names on what is turned."""

import numpy as np

from faceswap_lib.widgets import controls


def test_a_picture_has_its_words_and_its_size():
    page = controls.img(np.zeros((20, 40, 3), "u1"), 'A "dark" one', 80)
    assert 'alt="A &quot;dark&quot; one"' in page and 'width="80" height="40"' in page and "data:image/jpeg" in page
    assert "<figcaption><b>x &lt; y</b>" in controls.figure(np.zeros((4, 4, 3), "u1"), "x < y", "nothing")


def test_controls_have_names():
    sliders = (controls.whole("Frame", 1, 0, 3), controls.number("pull", 0.5, 0, 1, 0.1))
    for control in (*sliders, controls.tick("box", True), controls.choice("to", ["a", "b"], "b")):
        assert control.description and control.value is not None
    assert "fsw-x" in controls.outer("x")._dom_classes and "role" in controls.status("now")
    assert "&lt;b&gt;" in controls.code("<b>")


def test_a_large_picture_is_made_small_and_a_small_one_stays():
    out, scale = controls.small(np.zeros((100, 200, 3), "u1"), 50)
    assert out.shape == (25, 50, 3) and scale == 0.25
    assert controls.small(np.zeros((10, 20, 3), "u1"), 50)[1] == 1
