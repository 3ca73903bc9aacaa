"""answers_01.py: each exercise of lab 1 takes what is right and refuses what is wrong."""

import pytest

from faceswap_lib import gpu
from faceswap_lib.classroom import answers_01


@pytest.mark.parametrize(
    ("exercise", "value", "hint"),
    [
        ("01-1", 120, ""),
        ("01-1", 110.0, ""),
        ("01-1", 6, "one machine; there are twenty"),
        ("01-1", 40, "one hour; there are three"),
        ("01-1", 2000, "2.00 dollars an hour"),
        ("01-2", ["VM.GPU3.1", "VM.GPU2.1"], ""),
        ("01-2", {"VM.GPU2.1 (?)", "VM.GPU3.1"}, ""),
        ("01-2", "VM.GPU3.1", "There are 2"),
        ("01-2", ["VM.GPU.A10.1"], "pauses"),
        ("01-2", ["V100"], "none of the six"),
        ("01-3", 3.5, ""),
        ("01-3", 4, ""),
        ("01-3", 8.0, "must change"),
        ("01-3", 1, "must change"),
    ],
)
def test_right_is_told_from_wrong(exercise, value, hint):
    said = answers_01.ANSWERS[exercise](value)
    assert hint in said if hint else said == ""


def test_the_border_is_where_lab_2_has_it():
    below, above = (gpu.suggest_profile(gpu.Machine(memory=answers_01.BORDER + d)) for d in (-0.05, 0.05))
    assert (below, above) == ("micro", "demo")
