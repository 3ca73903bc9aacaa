"""run.py: how far a training is, by time or by steps, and how fast, on a clock that the test sets."""

from types import SimpleNamespace

import pytest

from faceswap_lib import profiles
from faceswap_lib.network import run

SMOKE = profiles.get("smoke")


@pytest.fixture
def clock(monkeypatch):
    """The time, in `.now`."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(run, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def under_way(minutes=None, iterations=None, **more) -> run.Run:
    return run.Run(None, {}, None, {}, SMOKE, 0, minutes, iterations, None, True, start=100.0, **more)


def test_the_share_is_that_of_the_budget_which_is_used_up_first(clock):
    clock.now += 30
    assert under_way(minutes=1).share == pytest.approx(0.5)
    assert under_way(iterations=40, iteration=10).share == pytest.approx(0.25)
    assert under_way(1, 40, iteration=10).share == pytest.approx(0.5)
    assert under_way(1, 40, iteration=30).share == pytest.approx(0.75)
    assert under_way(minutes=0.1).share == under_way(minutes=0).share == under_way(iterations=0).share == 1


def test_minutes_of_a_training_that_was_cut_off_count_and_others_do_not(clock):
    clock.now += 15
    assert under_way(minutes=1, earlier=30, spent=30).share == pytest.approx(0.75)
    assert under_way(minutes=1, earlier=30).share == pytest.approx(0.25)


def test_egs_are_faces_of_both_sides_in_this_session(clock):
    clock.now += 10
    assert under_way(iterations=99, first=20, iteration=45).egs == pytest.approx(25 * 2 * SMOKE.batch / 10)
