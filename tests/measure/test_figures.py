"""Intervals, verdicts and the stop rule: against textbook values and cases whose answer is known."""

import numpy as np
import pytest

from faceswap_lib.measure import bootstrap, figures, verdicts


def test_interval_of_independent_values_is_the_textbook_one() -> None:
    values = np.random.default_rng(1).normal(5, 2, 3200)
    mean, low, high = bootstrap.interval(values)
    assert mean == pytest.approx(values.mean())
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / np.sqrt(len(values)), rel=0.2)
    assert bootstrap.interval(values) == (mean, low, high) != bootstrap.interval(values, seed=1)


def test_interval_holds_its_promise_for_neighbours_that_are_alike() -> None:
    rng, hits, naive = np.random.default_rng(2), 0, 0
    for _ in range(100):
        noise = np.convolve(rng.normal(size=415), np.ones(16) / 4, "valid")  # true mean 0, correlated over 16 frames
        _, low, high = bootstrap.interval(noise)
        hits += low <= 0 <= high
        naive += abs(noise.mean()) < 1.96 * noise.std() / np.sqrt(len(noise))
    assert hits >= 80 > 60 > naive


def test_interval_leaves_out_what_was_not_scored() -> None:
    values = np.random.default_rng(3).normal(size=160)
    thin = np.full(640, np.nan)
    thin[::4] = values
    assert bootstrap.interval(thin)[0] == pytest.approx(values.mean())
    # a quarter of the frames: the same stretch of time is a quarter of the values
    dense = np.repeat(values, 4)
    assert np.ptp(bootstrap.interval(thin)[1:]) == pytest.approx(np.ptp(bootstrap.interval(dense)[1:]), rel=0.25)


def test_a_difference_is_drawn_pair_by_pair() -> None:
    random = np.random.default_rng(4)
    hard = random.normal(0, 5, 400)  # some frames are hard for both
    swap, other = hard + random.normal(0.5, 0.2, 400), hard + random.normal(0, 0.2, 400)
    mean, low, high = bootstrap.interval(swap, 0, other)
    assert mean == pytest.approx(0.5, abs=0.05) and low > 0.3 and high < 0.7
    alone = bootstrap.interval(swap)
    assert alone[2] - alone[1] > 10 * (high - low)


def test_a_figure_that_correlates_is_pearsons() -> None:
    random = np.random.default_rng(5)
    pairs = random.multivariate_normal([0, 3], [[1, 0.8], [0.8, 1]], 800)
    value, low, high = bootstrap.interval(pairs)
    assert value == pytest.approx(np.corrcoef(pairs.T)[0, 1]) and low < 0.8 < high < low + 0.15
    still = np.c_[np.ones(40), pairs[:40, 1]]
    assert bootstrap.interval(still) == (0, 0, 0)


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
