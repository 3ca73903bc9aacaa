"""answers_04.py: what is right is taken, and what is wrong gets a hint."""

import pytest

from faceswap_lib.classroom import answers_04

HELD = ((0, 1.0), (8, 0.9), (16, 0.5), (50, 0.3), (100, 0.2))
HISTORY = [{"iteration": i, "held_a": v / 2, "held_b": v / 2, "gan_real": 0, "gan_fake": 0} for i, v in HELD]
GAME = [*HISTORY, {**HISTORY[-1], "gan_real": 0.9, "gan_fake": 1.1}]


def said(exercise: str, value: object) -> str:
    return answers_04.ANSWERS[exercise](value)


def test_the_base_looks_around_first():
    assert said("04-1", "base") == ""
    hints = {said("04-1", wrong) for wrong in ("noise", "mean", "both", 3)}
    assert len(hints) == 3 and all(hints)


def test_only_a_hand_that_let_the_game_be_played_is_taken():
    on = {"iteration": 5, "gan": True, "by": "hand"}
    assert said("04-2", {"played": [on], "history": GAME}) == ""
    assert "tick its box" in said("04-2", {"played": [on | {"by": "schedule"}], "history": GAME})
    assert "tick its box" in said("04-2", {"played": [on | {"gan": False}], "history": GAME})
    assert "before it had played" in said("04-2", {"played": [on], "history": HISTORY})
    assert said("04-2", {"history": GAME}), "a record from before"


@pytest.mark.parametrize(("iteration", "hint"), [(10, ""), (16, ""), (7, ""), (1, "Later"), (60, "Earlier")])
def test_half_is_where_the_loss_passed_the_middle(iteration, hint):
    answer = said("04-3", (iteration, HISTORY))
    assert answer.startswith(hint) and bool(answer) == bool(hint)


def test_a_training_that_learnt_nothing_has_no_half():
    assert "train first" in said("04-3", (5, HISTORY[:1]))
