"""tuner.py: turning a control changes the picture and the line of code; the line is `convert`'s own words."""

import inspect

import numpy as np
import pytest
from test_browse import pictures

from faceswap_lib import convert
from faceswap_lib.compose import color
from faceswap_lib.compose.model_swap import Settings
from faceswap_lib.face import faceset
from faceswap_lib.widgets import tuner


@pytest.fixture(scope="module")
def made(short, facesets, trained) -> tuner.Bench:
    return tuner.bench(short["a"], facesets["a"], trained.model)


def test_turning_a_control_changes_the_picture_at_once(made):
    made.set(Settings())
    before, relit = pictures(made.pictures.value)
    made.controls["color_match"].value = "none"
    same, bare = pictures(made.pictures.value)
    assert np.array_equal(before, same) and np.abs(relit.astype(int) - bare).mean() > 1
    assert made.code == "convert.convert(clip_a, faces_a, model, swapped, color_match='none', consent=form.file)"
    assert made.seconds < 5 and "color_match none" in made.pictures.value
    made.usual.click()
    assert made.settings == Settings() and made.code.endswith("swapped, consent=form.file)")
    assert np.array_equal(pictures(made.pictures.value)[1], relit)


def test_the_built_in_people_need_no_consent_in_it(made, monkeypatch):
    assert not made.built_in, "they are pieces of the built-in clips"
    monkeypatch.setattr(made, "built_in", True)
    assert made.code == "convert.convert(clip_a, faces_a, model, swapped)"


def test_each_setting_is_one_of_convert_with_its_usual_value(made):
    usual = {name: p.default for name, p in inspect.signature(convert.convert).parameters.items()} | {"to": "b"}
    assert {name: usual[name] for name in made.controls} == vars(Settings())


def test_colour_methods_bring_the_face_nearer_to_the_sources_colours(made):
    rows = {name: Settings(color_match=name) for name in color.METHODS}
    source, *swaps = (picture[120:210, 105:195].astype(float) for picture in pictures(made.compare(rows)))
    off = {name: np.abs(swap.mean((0, 1)) - source.mean((0, 1))).max() for name, swap in zip(rows, swaps, strict=True)}
    assert off["none"] > 15 and all(off[name] < 0.7 * off["none"] for name in rows if name != "none")
    assert all(np.abs(swap - source).mean() > 3 for swap in swaps)


def test_another_moment_is_another_frame(made):
    here = made.stills.index
    made.moment.value = 90
    assert made.stills.index == 26 != here and "For the whole video" in made.told.value


def test_several_settings_side_by_side(made):
    page = made.compare({"relit": Settings(), "none": Settings(color_match="none")})
    assert page.count("<img alt=") == 3 and "<b>none</b>" in page
    assert made.still.count("<img alt=") == 2 + 1 + len(color.METHODS) and "fsw-tuner" in made.widget._dom_classes


def test_moments_and_seconds(facesets):
    found = faceset.load(facesets["b"])
    far = tuner.furthest(facesets["b"])
    yaw = np.abs(found.poses[:, 0])
    assert yaw[round(far * found.source.fps)] == yaw.max()
    assert tuner.at(facesets["b"], 0) == 0 and tuner.at(facesets["b"], 99) == 1
