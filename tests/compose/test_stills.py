"""stills.py: one frame swapped again and again is what a conversion of the whole video would make of it."""

from pathlib import Path

import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.compose import model_swap, render
from faceswap_lib.compose.model_swap import Settings
from faceswap_lib.compose.stills import Stills
from faceswap_lib.face import faceset
from faceswap_lib.media import video
from faceswap_lib.network import record


@pytest.fixture(scope="module")
def one(short, facesets, trained) -> Stills:
    return Stills(video.frame(short["a"], 12), 12, facesets["a"], trained.model)


def converted(frame: np.ndarray, faces_a: Path, model: Path, name: str, keep: bool) -> np.ndarray:
    """Frame 12 as `convert` makes it."""
    about, found = record.read_about(model), faceset.load(faces_a)
    at, net = model_swap.scene(found, about, "b"), model_swap.network(model, about)
    at.mouth = keep
    keeper = model_swap.keeper(net, model, about, at, "a", "b") if keep else None
    draw = model_swap.drawer(net, model, "a", "b")
    match = model_swap.match(name, at, model, "b")
    return render.faces_drawn({12: frame}, at, draw, match, keeper)[12]


def test_it_is_the_frame_that_a_conversion_makes(one, facesets, trained):
    for keep, name in ((True, "relit"), (False, "none")):
        made = one.swapped(Settings(color_match=name, keep_front=keep, keep_mouth=keep))
        real = converted(one.frame, facesets["a"], trained.model, name, keep)
        assert np.abs(made.astype(int) - real).max() <= 2
    assert np.abs(made.astype(int) - one.frame).max() > 20


def test_what_was_drawn_is_not_drawn_again(one, monkeypatch):
    first = one.swapped(Settings())
    monkeypatch.setattr(model_swap, "drawer", None)
    monkeypatch.setattr(model_swap, "keeper", None)
    one.swapped(Settings(color_match="none"))
    one.swapped(Settings(keep_mouth=False))
    assert np.array_equal(one.swapped(Settings()), first)


def test_the_other_person_and_another_frame(one, short):
    own, other = one.swapped(Settings(to="a")), one.swapped(Settings())
    away = [np.abs(each.astype(int) - one.frame).mean() for each in (own, other)]
    assert away[0] < away[1]
    first = one.frame
    one.take(video.frame(short["a"], 20), 20)
    assert not np.array_equal(one.swapped(Settings()), other)
    one.take(first, 12)
    assert np.array_equal(one.swapped(Settings()), other)
    one.take(first, 999)
    assert np.array_equal(one.swapped(Settings()), first), "no face of that number"
    one.take(first, 12)


def test_weights_are_mixed_as_pull_says(one):
    class Variable:
        def __init__(self, value):
            self.value = np.array(value)

        def assign(self, value):
            self.value = value

    start, trained, variable = one.start, one.trained, Variable([4.0])
    one.start, one.trained, one.pull = [(variable, np.array([8.0]))], [np.array([4.0])], 0
    seen = []
    for share in (0.5, 1, 0.25, 0):
        one._mix(share)
        seen.append(float(variable.value[0]))
    one.start, one.trained = start, trained
    assert seen == [6, 8, 5, 4], "from the trained ones each time, not from the last mixture"


@pytest.mark.parametrize(
    ("settings", "told"),
    [(Settings("pink"), "no colour method"), (Settings(to="c"), "nobody"), (Settings(pull=2), "pull")],
)
def test_settings_that_there_are_not(one, settings, told):
    with pytest.raises(UserError, match=told):
        one.swapped(settings)


def test_settings_say_what_is_not_as_usual():
    assert Settings().changed == {} and Settings(pull=0.0, to="a").changed == {"to": "a", "pull": 0.0}
