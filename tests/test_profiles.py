"""profiles.py: what the rest of the kit takes for granted about the numbers, and how strange names are answered."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from faceswap_lib import UserError, profiles


@pytest.mark.parametrize("name", ["smoke", "micro", "demo", "gpu"])
def test_a_profile_is_complete_and_fits_together(name):
    profile = profiles.get(name)
    assert profile.name == name
    assert profile.texture % 32 == 0 and profile.crop >= profile.texture, "the encoder halves its picture four times"
    assert profile.texture <= profiles.TRUNK or np.log2(profile.texture / profiles.TRUNK) % 1 == 0, "it is doubled"
    assert profile.batch >= 4, "a preview has four rows"
    assert profile.minutes or profile.iterations, "training must end"
    assert 0 < profile.gan_from < 1 and profile.width > 0 and profile.every > 0 and profile.faces >= 8


def test_profiles_grow():
    smoke, micro, demo, gpu = (profiles.get(name) for name in ("smoke", "micro", "demo", "gpu"))
    for key in ("crop", "texture", "width", "batch", "faces"):
        sizes = [getattr(p, key) for p in (smoke, micro, demo, gpu)]
        assert sizes == sorted(sizes) and sizes[0] < sizes[-1], key
    assert [p.mixed for p in (smoke, micro, demo)] == [False] * 3, "16-bit arithmetic only on graphics cards"


def test_an_unknown_profile_is_answered_with_the_known_ones():
    with pytest.raises(UserError, match="'big'.*smoke, micro, demo, gpu"):
        profiles.get("big")


def test_a_profile_cannot_be_changed_by_mistake():
    with pytest.raises(FrozenInstanceError):
        profiles.get("smoke").batch = 1


@pytest.mark.parametrize("name", ["micro", "demo", "gpu"])
def test_a_class_sees_a_small_network_learn_for_about_a_minute(name):
    given = profiles.lesson(name)
    assert given == {"profile": "micro", "start": "noise", "gan": False, "minutes": given["minutes"]}
    assert 1 <= given["minutes"] <= 1.25


def test_in_tests_a_lesson_is_some_steps():
    assert profiles.lesson("smoke") == {"profile": "smoke", "start": "noise", "gan": False, "iterations": 60}
    assert profiles.lesson("smoke", more=True)["iterations"] > 60, "in all, so that some are left"
    with pytest.raises(UserError, match="no profile 'big'"):
        profiles.lesson("big")
