"""answers_03.py: each of lab 3's checks takes the right answer and refuses wrong ones with a hint."""

import pytest

from faceswap_lib.classroom.answers_03 import ANSWERS


@pytest.mark.parametrize(
    ("exercise", "value"),
    [
        ("03-1", (138, 138)),
        ("03-1", (120, 138)),
        ("03-1", (0, 3)),
        ("03-2", ("sharper", "side views")),
        ("03-2", (" Sharper", "side view")),
        ("03-3", ("similarity", "mesh")),
    ],
)
def test_a_right_answer(exercise, value):
    assert ANSWERS[exercise](value) == ""


@pytest.mark.parametrize(
    ("exercise", "value", "hint"),
    [
        ("03-1", (240, 138), "fewer"),
        ("03-1", (20, 138), "more"),
        ("03-2", ("same", "side views"), "nose and outline"),
        ("03-2", ("sharper", "colour"), "Which faces did max_yaw"),
        ("03-3", ("mesh", "similarity"), "4 points"),
        ("03-3", ("similarity", "similarity"), "4 points"),
        ("03-3", ("both", "mesh"), "Answer with"),
    ],
)
def test_a_wrong_answer_gets_a_hint(exercise, value, hint):
    assert hint in ANSWERS[exercise](value)
