"""answers_07.py: each of lab 7's checks takes the right answer and refuses wrong ones with a hint."""

import pytest

from faceswap_lib.classroom.answers_07 import ANSWERS


@pytest.mark.parametrize(
    ("exercise", "value"),
    [("07-1", ("no", "no")), ("07-1", ("No ", "NO")), ("07-2", " Fake"), ("07-3", 0.09), ("07-3", 990 / 10980)],
)
def test_a_right_answer(exercise, value):
    assert ANSWERS[exercise](value) == ""


@pytest.mark.parametrize(
    ("exercise", "value", "hint"),
    [
        ("07-1", ("yes", "no"), "a wrong one here"),
        ("07-1", ("yes", "yes"), "What is left that differs"),
        ("07-1", ("perhaps", "no"), 'Answer with "yes" or "no"'),
        ("07-2", "real", "Whose face was in every fake"),
        ("07-2", "B", 'Answer with "real" or "fake"'),
        ("07-3", 0.99, "how many of the fakes are found"),
        ("07-3", 0.5, "out of a million"),
        ("07-3", 9, "between 0 and 1"),
    ],
)
def test_a_wrong_answer_gets_a_hint(exercise, value, hint):
    assert hint in ANSWERS[exercise](value)
