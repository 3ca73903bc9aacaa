"""cases.py: both of a pair show the same moments, went the same way, and differ in the face."""

import numpy as np
import pytest

from faceswap_lib.detection import cases, crops
from faceswap_lib.face import faceset


@pytest.fixture(scope="module")
def own(swapped_run, short):
    return short["a"], faceset.load(swapped_run / "faces" / "a"), crops.number_of(swapped_run / "swapped.mp4")


def alike(pair: cases.Pair) -> tuple[float, float]:
    """How far both are apart around the face and in it, in grey levels; they show the same held-out moments."""
    real, fake = pair
    assert (real.frames == fake.frames).all() and (real.blocks % 2 == 1).all() and len(real)
    around = ~(crops.hidden(real).pictures == 128).all(-1)
    apart = np.abs(real.pictures.astype(int) - fake.pictures).mean(-1)
    return float(apart[around].mean()), float(apart[~around].mean())


def test_states_of_the_swap_differ_in_the_face_alone(own, swapped_run):
    clip, found, number = own
    made = cases.states(clip, swapped_run / "swapped.mp4", found, number, 2)
    detail = {}
    for name, pair in made.items():
        around, inside = alike(pair)
        assert around < 3 < inside, name
        detail[name] = np.abs(np.diff(pair[0].pictures.astype(int), axis=2)).mean()
    assert detail["encoded at CRF 35"] < detail["encoded at CRF 28"], "stronger compression, less detail"


def test_the_other_way_round_is_drawn_and_no_colour_match_is_another_face(own, swapped_run, short):
    clip, found, number = own
    painter = cases.Painter(swapped_run / "model")
    matched, plain = (painter.pair(clip, found, number, 4, match=match)[1] for match in ("relit", "none"))
    assert np.abs(matched.pictures.astype(int) - plain.pictures).mean() > 1
    b = faceset.load(swapped_run / "faces" / "b")
    around, inside = alike(painter.pair(short["b"], b, number, 4, to="a"))
    assert around < 3 < inside


def test_blends_to_judge_and_to_learn_from_are_of_other_moments(own, swapped_run, short):
    clip, found, number = own
    around, inside = alike(cases.blended(clip, found, number, 2))
    assert around < 3 and inside > 0.5
    b = faceset.load(swapped_run / "faces" / "b")
    real, fakes = cases.lessons([(clip, found), (short["b"], b)], number, 2)
    assert len(fakes) == cases.BLENDS * len(real) and (fakes.blocks % 2 == 0).all() and (real.blocks % 2 == 0).all()
    assert (fakes.frames[: len(real)] == real.frames).all(), "a row of fakes of each moment, one after another"
    assert (fakes.pictures[: len(real)] != fakes.pictures[len(real) :]).any()


def test_references_that_are_not_there_are_left_out(own, tmp_path):
    assert cases.pasted(own[0], tmp_path, own[1]) == {}
