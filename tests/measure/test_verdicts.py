"""verdicts.py: what is said of figures, trainings and poses whose answer is known."""

import numpy as np
import pytest

from faceswap_lib.measure import figures, verdicts


def column(mean: float, spread: float = 0.01, n: int = 80) -> np.ndarray:
    return mean + spread * np.random.default_rng(round(1000 * mean)).normal(size=n)


def test_a_verdict_knows_better_worse_even_and_the_mark() -> None:
    values = {"swap": column(0.5), "low": column(0.4), "high": column(0.6), "same": column(0.5) + 0, "ideal": column(1)}
    figure, told = verdicts.judge("ssim", values, 0)
    assert figure["swap_is"] == {"low": "better", "high": "worse", "same": "even", "ideal": "worse"}
    assert "better than low (" in told and "worse than high (" in told and "not clearly different from same (" in told
    assert "the mark to reach: ideal (1.0" in told
    lower, _ = verdicts.judge("to_ideal", values, 0)
    assert lower["swap_is"]["low"] == "worse" and lower["swap_is"]["high"] == "better"


@pytest.mark.parametrize("name", [name for name, figure in figures.FIGURES.items() if figure.good is not None])
def test_advice_comes_when_the_whole_interval_is_bad_and_only_then(name) -> None:
    about = figures.FIGURES[name]
    assert about.advice.endswith(".")
    worse = -1 if about.better == "higher" else 1
    if about.correlates:
        tone = np.sin(np.arange(80))
        bad, fine = np.c_[tone, np.cos(np.arange(80) * 2)], np.c_[tone, tone]
    else:
        bad = column(about.good + worse * (0.2 * abs(about.good) + 0.1), 1e-3)
        fine = column(about.good - worse * 0.01, 1e-4)
    assert about.advice in verdicts.judge(name, {"swap": bad}, 0)[1]
    assert about.advice not in verdicts.judge(name, {"swap": fine}, 0)[1]


def history(*held: float) -> list[dict]:
    return [{"iteration": 50 * i, "held_a": value / 2, "held_b": value / 2} for i, value in enumerate(held)]


def test_the_stop_rule_on_curves_whose_answer_is_known() -> None:
    falling = history(*np.geomspace(1, 0.3, 20))
    flat = history(*np.r_[np.geomspace(1, 0.3, 10), np.full(20, 0.3)])
    rising = history(*np.r_[np.geomspace(1, 0.3, 10), np.linspace(0.3, 0.5, 10)])
    assert "more training will help" in verdicts.stop_rule(falling)
    assert "more minutes will hardly help" in verdicts.stop_rule(flat)
    assert "was best at iteration 450 and has risen" in verdicts.stop_rule(rising)
    assert "too few" in verdicts.stop_rule(history(1, 0.9))


def test_poses_that_b_never_showed_are_named() -> None:
    b = np.array([[-20, -10, 0], [20, 10, 0]])
    a = np.array([[0, 0, 0]] * 90 + [[40, 0, 0]] * 10)
    assert "in 10% of A's frames the head turns further to the side" in verdicts.reach(a, b)
    assert "further up or down" in verdicts.reach(a[:, [1, 0, 2]], b)
    assert "every side" in verdicts.reach(a[:90], b)


def test_a_change_is_a_fall_a_rise_or_neither() -> None:
    figure = {"low": 0.4, "high": 0.6, "better": "higher"}
    assert [verdicts.change(figure, x) for x in (0.3, 0.5, 0.7)] == ["falls", "holds", "rises"]
    assert [verdicts.change(figure | {"better": "lower"}, x) for x in (0.3, 0.5, 0.7)] == ["rises", "holds", "falls"]


def test_a_side_is_taken_where_the_interval_of_a_difference_leaves_0_out() -> None:
    assert verdicts.side("ssim", 0.1, 0.2) == "better" == verdicts.side("flicker", -0.2, -0.01)
    assert verdicts.side("ssim", -0.2, -0.01) == "worse" == verdicts.side("psnr", -2, -0.5)
    assert verdicts.side("ssim", -1, 1) == verdicts.side("flicker", 0, 1) == "even"
