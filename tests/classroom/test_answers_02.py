"""answers_02.py: each exercise takes what is right and refuses what is wrong."""

import pytest

from faceswap_lib.classroom import answers_02
from faceswap_lib.machine import speed


@pytest.mark.parametrize(
    ("exercise", "value", "hint"),
    [
        ("02-2", 4, ""),
        ("02-2", 2, "not 2"),
        ("02-2", 8, "twice as many multiplications"),
        ("02-1", 3, ""),
        ("02-1", 2, "stays open"),
        ("02-1", 1, "stays open"),
        ("02-1", 6, "fewer edges"),
    ],
)
def test_right_is_told_from_wrong(exercise, value, hint):
    said = answers_02.ANSWERS[exercise](value)
    assert hint in said if hint else said == ""


def test_twice_the_channels_are_as_much_more_work_as_the_answer_says():
    assert speed.convolution(4, 64, 128).flops == answers_02.TIMES * speed.convolution(4, 64, 64).flops
