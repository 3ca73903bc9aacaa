"""answers_00.py: each exercise takes what is right and refuses what is wrong."""

import pytest

from faceswap_lib.classroom import answers_00


@pytest.mark.parametrize(
    ("exercise", "value", "hint"),
    [
        ("00-1", ("line", 1.0), ""),
        ("00-1", ("line", 0.8), "80%"),
        ("00-1", ("curve", 1.0), "ever bend"),
        ("00-1", ("dot", 1.0), "Say"),
        ("00-2", "cheek", ""),
        ("00-2", "eyes", "edges"),
        ("00-2", "mouth", "edges"),
        ("00-2", "nose", "Say"),
    ],
)
def test_right_is_told_from_wrong(exercise, value, hint):
    said = answers_00.ANSWERS[exercise](value)
    assert hint in said if hint else said == ""
