"""rates.py: figures are measured in turns, and one round that warms up is not counted."""

import numpy as np

from faceswap_lib.compose import render
from tests.endurance import rates


def test_figures_are_medians_of_rounds_in_turns_without_the_first():
    order, values = [], iter([100, 1, 2, 9, 3, 5, 4, 7])

    def figure(name: str) -> float:
        order.append(name)
        return next(values)

    works = {name: lambda name=name: figure(name) for name in "ab"}
    assert rates.in_turns(works, 3) == {"a": 3, "b": 7}  # of 2, 3, 4 and of 9, 5, 7; 100 and 1 warmed up
    assert order == list("abababab")


def test_a_rate_is_that_of_a_batch(monkeypatch):
    monkeypatch.setattr(rates, "seconds", lambda work: work() or 0.5)
    assert rates.rate_of(lambda: None)() == render.BATCH / 0.5


def test_who_sees_nothing_has_no_recall():
    rate, recall = rates.dlib_rate([np.full((90, 90, 3), 128, "u1")] * 8)
    assert rate > 0 and recall == 0
