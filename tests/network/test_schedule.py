"""schedule.py: how long and how fast, by arithmetic."""

from dataclasses import replace

import numpy as np
import pytest

from faceswap_lib import UserError, profiles
from faceswap_lib.network import batches, schedule

SMOKE = profiles.get("smoke")


def side(cut: int) -> batches.Side:
    """A side that learns from so many faces; schedules look at nothing else."""
    return batches.Side(*[np.zeros(0)] * 5, cut, True)


@pytest.mark.parametrize("given", [(2.0, None), (None, 7), (0, None), (1.5, 9)])
def test_who_says_how_long_is_taken_at_his_word(given):
    assert schedule.budget(SMOKE, *given, {"a": side(27)}) == given


def test_passes_over_the_larger_side_become_steps_and_a_begun_step_counts():
    size = replace(SMOKE, passes=10, batch=8, minutes=30.0, iterations=None)
    assert schedule.budget(size, None, None, {"a": side(20), "b": side(27)}) == (30.0, 34)  # 270 / 8
    assert schedule.budget(size, None, None, {"a": side(40), "b": side(27)}) == (30.0, 50)
    assert schedule.budget(replace(size, passes=None, iterations=5), None, None, {"a": side(40)}) == (30.0, 5)


FINE = {"minutes": 4, "iterations": None, "plateau": None, "seed": 0}


@pytest.mark.parametrize(
    "change", [{}, {"minutes": 0.5}, {"minutes": None}, {"iterations": 0}, {"plateau": 1}, {"seed": 2**32 - 1}]
)
def test_a_budget_that_means_something(change):
    assert schedule.check(**FINE | change) is None


@pytest.mark.parametrize("word", FINE)
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), 1e300, 10**30, "abc", True, [1]])
def test_a_budget_that_means_nothing_is_said_by_its_name(word, value):
    with pytest.raises(UserError, match=f"^{word} is .*; give a .* from [01] to [0-9]+"):
        schedule.check(**FINE | {word: value})


def test_only_minutes_have_fractions_and_only_a_seed_must_be_there():
    for change in ({"iterations": 1.5}, {"plateau": 2.0}, {"seed": 0.0}, {"seed": None}):
        with pytest.raises(UserError, match="whole number"):
            schedule.check(**FINE | change)


def test_the_rate_rises_then_stays_then_falls_to_a_fiftieth():
    rates = np.array([schedule.learning_rate(i, i / 1000, "mean") for i in range(1001)])
    assert rates[0] == pytest.approx(schedule.RATE / schedule.WARM)
    assert np.diff(rates[: schedule.WARM]) == pytest.approx(schedule.RATE / schedule.WARM)
    assert rates[schedule.WARM : 501] == pytest.approx(schedule.RATE)
    assert rates[750] == pytest.approx(schedule.RATE / 2) and rates[1000] == pytest.approx(schedule.RATE / 50)
    assert (np.diff(rates[500:]) <= 0).all()


def test_from_a_base_every_step_is_smaller_by_the_same_factor():
    steps = ((0, 0.0), (100, 0.3), (900, 0.9))
    factors = {round(schedule.learning_rate(*at, "mesh_9_1") / schedule.learning_rate(*at, "mean"), 9) for at in steps}
    assert factors == {schedule.RATE_FROM_BASE / schedule.RATE} and max(factors) < 1


def test_a_hand_that_has_touched_the_game_is_remembered():
    on = {"iteration": 5, "gan": True}
    assert schedule.played_by_hand([]) is schedule.played_by_hand([on | {"by": "schedule"}]) is None
    assert schedule.played_by_hand([on | {"by": "hand"}]) is True
    assert schedule.played_by_hand([on | {"by": "schedule"}, on | {"gan": False, "by": "hand"}]) is False


def checks(*held: float) -> list[dict]:
    return [{"held_a": value / 4, "held_b": 3 * value / 4} for value in held]


@pytest.mark.parametrize(
    ("held", "patience", "over"),
    [
        ((4, 3, 2, 1), 2, False),
        ((4, 1, 2, 3), 2, True),
        ((4, 1, 1, 1), 2, True),
        ((4, 1, 2, 0.5), 2, False),
        ((1, 2), 2, False),
        ((1, 2, 3), 3, False),
        ((1, 2, 3, 4), 0, False),
        ((1, 2, 3, 4), None, False),
    ],
    ids=["falling", "risen", "level", "late", "too few", "still too few", "no patience", "none asked"],
)
def test_a_plateau_is_so_many_checks_without_a_better_one(held, patience, over):
    assert schedule.plateau(checks(*held), patience) is over


def test_what_is_learnt_is_a_share_of_the_first_loss():
    assert schedule.learnt(checks(1.0, 0.6, 0.5, 0.7), 0.5) and not schedule.learnt(checks(1.0, 0.6, 0.51), 0.5)
    assert not schedule.learnt(checks(1.0), 0.003) and not schedule.learnt([], 0.003)


def test_a_game_was_played_when_the_discriminator_ever_had_a_loss():
    assert schedule.played([{"gan_real": 0.0}, {"gan_real": 0.9}, {"gan_real": 0.0}])
    assert not schedule.played([{"gan_real": 0.0}]) and not schedule.played([])
