"""answers_05.py: each of lab 5's checks takes the right answer and refuses wrong ones with a hint."""

import shutil

import pytest
import rewritten

from faceswap_lib.classroom.answers_05 import ANSWERS


@pytest.fixture(scope="module")
def sets(facesets, tmp_path_factory):
    """A turns by up to 20 degrees; B does so too, but in one frame by 40."""
    folder = tmp_path_factory.mktemp("sets")
    for name, turn in (("a", 20), ("b", 40)):
        copy = shutil.copytree(facesets[name], folder / name)

        def turned(raw, turn=turn):
            for face in raw["faces"]:
                face["pose"] = [turn if face["frame"] == 24 else 5.0, 0, 0]

        rewritten.faces(copy, turned)
    return folder / "a", folder / "b"


@pytest.mark.parametrize(("exercise", "value"), [("05-1", ("more", "no")), ("05-3", "small"), ("05-3", " Small")])
def test_a_right_answer(exercise, value):
    assert ANSWERS[exercise](value) == ""


@pytest.mark.parametrize(
    ("exercise", "value", "hint"),
    [
        ("05-1", ("less", "no"), "Skin and light"),
        ("05-1", ("more", "yes"), "where does the face end"),
        ("05-1", ("a lot", "no"), "Answer with"),
        ("05-3", "large", "lids"),
        ("05-3", "none", "Answer with"),
    ],
)
def test_a_wrong_answer_gets_a_hint(exercise, value, hint):
    assert hint in ANSWERS[exercise](value)


def test_it_breaks_where_b_turns_further_than_a(sets):
    a, b = sets
    assert ANSWERS["05-2"]((1.0, a, b)) == ""
    assert "turned by 5 degrees, and A turned by up to 20" in ANSWERS["05-2"]((0.2, a, b))
    assert "Look for a moment" in ANSWERS["05-2"]((0.5, a, b))
    assert "nothing breaks" in ANSWERS["05-2"]((1.0, b, a))
