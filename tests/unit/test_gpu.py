"""What `check` says of made-up machines and of this one; the profile that it suggests."""

from dataclasses import replace

import pytest

from faceswap_lib import gpu

WORKS = {"backend": "tensorflow", "tensorflow": "2.19.1", "gpus": [], "good": True, "seconds": 0.1}
GOOD = gpu.Machine((3, 11), 16.0, 50.0, ("opencv-python-headless",), False, WORKS)


def verdicts(**changes: object) -> dict[str, str]:
    """Thing → verdict on the good machine with these facts changed."""
    return {row.what: row.verdict for row in gpu.judge(replace(GOOD, **changes))}


def test_a_good_machine_has_nothing_to_mend():
    assert "FAIL" not in verdicts().values()


@pytest.mark.parametrize(
    ("changes", "what", "verdict"),
    [
        ({"python": (3, 13)}, "Python", "FAIL"),
        ({"python": (3, 9)}, "Python", "FAIL"),
        ({"memory": 1.0}, "memory", "WARN"),
        ({"memory": 0.5}, "memory", "FAIL"),
        ({"disk": 0.1}, "free disk", "FAIL"),
        ({"opencv": ()}, "OpenCV", "FAIL"),
        ({"opencv": ("opencv-contrib-python", "opencv-python-headless")}, "OpenCV", "FAIL"),
        ({"trial": {"error": "no TensorFlow"}}, "a convolution", "FAIL"),
        ({"trial": WORKS | {"good": False}}, "a convolution", "FAIL"),
    ],
)
def test_each_fault_gets_its_verdict_and_every_fault_a_remedy(changes, what, verdict):
    assert verdicts(**changes)[what] == verdict
    assert all(row.remedy for row in gpu.judge(replace(GOOD, **changes)) if row.verdict != "OK")


def test_a_card_that_tensorflow_does_not_use_is_never_passed_over():
    assert set(verdicts(card=True).values()) & {"WARN", "FAIL"}


@pytest.mark.parametrize(("memory", "gpus", "profile"), [(16, ["A10"], "gpu"), (16, [], "demo"), (1, [], "micro")])
def test_the_profile_follows_from_memory_and_card(memory, gpus, profile):
    machine = replace(GOOD, memory=memory, trial=WORKS | {"gpus": gpus})
    assert gpu.suggest_profile(machine) == profile
    assert gpu.fits("smoke", machine) and gpu.fits(profile, machine)


def test_a_program_that_fails_is_an_error_and_not_a_crash():
    assert "boom" in gpu.trial("raise SystemExit('boom')")["error"]


def test_this_machine_multiplies():
    assert gpu.trial()["good"] and gpu.memory() > 0.5
