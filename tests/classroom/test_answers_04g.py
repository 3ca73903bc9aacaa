"""answers_04g.py: each exercise takes what is right and refuses what is wrong."""

import pytest

from faceswap_lib.classroom import answers_04g


@pytest.mark.parametrize(
    ("exercise", "value", "hint"),
    [
        ("04-g1", 1, ""),
        ("04-g1", 2, ""),
        ("04-g1", 8, "nothing would have"),
        ("04-g1", 4, "Fewer"),
        ("04-g2", "A", ""),
        ("04-g2", "B", "compare mouth"),
        ("04-g2", "both", "Say"),
    ],
)
def test_right_is_told_from_wrong(exercise, value, hint):
    said = answers_04g.ANSWERS[exercise](value)
    assert hint in said if hint else said == ""
