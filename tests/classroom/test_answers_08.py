"""answers_08.py: each exercise of lab 8 takes what is right and refuses what is wrong."""

import pytest

from faceswap_lib.classroom import answers_08


@pytest.mark.parametrize(
    ("exercise", "value", "hint"),
    [
        ("08-1", "REDUCE", ""),
        ("08-1", " reduce ", ""),
        ("08-1", "GLOBAL", "fetches the function"),
        ("08-1", "STOP", "ends the reading"),
        ("08-1", "RUN", "second column"),
        ("08-2", 3750, ""),
        ("08-2", "3750", ""),
        ("08-2", 1875, "both people"),
        ("08-2", 300, "300 × 16"),
        ("08-2", 60000, "200 × 300"),
        ("08-3", "swapped", ""),
        ("08-3", "unchanged", "does not look at the pictures"),
        ("08-3", "black", "Give"),
    ],
)
def test_right_is_told_from_wrong(exercise, value, hint):
    said = answers_08.ANSWERS[exercise](value)
    assert hint in said if hint else said == ""
