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


def under_way(minutes=None, iterations=None, gan=True, **more) -> run.Run:
    return run.Run(None, {}, None, {}, SMOKE, 0, minutes, iterations, None, gan, start=100.0, **more)


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


def test_what_is_left_is_told_by_the_clock_or_by_the_pace_of_steps(clock):
    run = under_way(minutes=1, gan=False)
    clock.now += 15
    assert run.left == pytest.approx(45)
    run = under_way(iterations=40, iteration=10, gan=False)
    assert run.left == pytest.approx(45) and under_way(iterations=40).left is None
    assert under_way(1, 400, iteration=10, gan=False).left == pytest.approx(45)
    assert under_way(0.1, gan=False).left == 0


def test_what_is_to_be_compiled_for_the_discriminator_is_counted_until_it_is(clock):
    run = under_way(minutes=1, compiling=20.0)
    assert run.left == pytest.approx(80)
    run.compiled[True] = object()
    assert run.left == pytest.approx(60)


def test_the_discriminator_plays_by_the_schedule_until_a_hand_says_otherwise(clock):
    run = under_way(iterations=10)
    assert not run.plays
    run.iteration = 5
    assert run.plays
    run.play = False
    assert not run.plays
    run.play, run.iteration, run.gan = True, 0, False
    assert run.plays


def test_the_record_says_who_let_the_discriminator_play_and_when(clock):
    run = under_way(iterations=10, iteration=5)
    run.about, run.net = {"played": []}, SimpleNamespace(gan=0.0, train_function="plain")
    run.switch(True)
    run.compiled[True], run.play, run.iteration = "with", False, 7
    run.switch(False)
    run.switch(False)
    said = [{"iteration": 5, "gan": True, "by": "schedule"}, {"iteration": 7, "gan": False, "by": "hand"}]
    assert run.about["played"] == said and run.net.gan == 0 and run.net.train_function is None
    run.switch(True)
    assert run.net.gan > 0 and run.net.train_function == "with", "what was compiled is taken again"


def test_the_clock_stands_while_something_is_done_apart(clock):
    run = under_way(minutes=1)
    clock.now += 5
    with run.apart():
        clock.now += 30
        assert run.seconds == pytest.approx(5)
    clock.now += 1
    assert run.seconds == pytest.approx(6)
