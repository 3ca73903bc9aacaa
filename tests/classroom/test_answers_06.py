"""answers_06.py: each exercise of lab 6 takes what is right and refuses what is wrong."""

import pytest

from faceswap_lib.classroom import answers_06


@pytest.mark.parametrize(
    ("exercise", "value", "hint"),
    [
        ("06-1", {"sharpness", "ssim", "identity"}, ""),
        ("06-1", ["sharpness", "to_ideal", "eyes", "border"], ""),
        ("06-1", {"sharpness", "ssim", "psnr"}, "mean colour"),
        ("06-1", {"sharpness", "timing", "ssim"}, "timing does not notice"),
        ("06-1", {"ssim", "identity", "motion"}, "made for this"),
        ("06-1", "sharpness", "at least 3"),
        ("06-1", {"beauty"}, "no figure"),
        ("06-2", "delay", ""),
        ("06-2", "blur", "One blurred frame"),
        ("06-2", "wrong", "who it is"),
        ("06-2", 3, "Give one of"),
        ("06-3", 1.2, ""),
        ("06-3", 2.2, "√5"),
        ("06-3", 5, "neighbours"),
        ("06-4", "identity", ""),
        ("06-4", "psnr", "A's light"),
        ("06-4", "ssim", "Give one of"),
    ],
)
def test_right_is_told_from_wrong(exercise, value, hint):
    said = answers_06.ANSWERS[exercise](value)
    assert hint in said if hint else said == ""
