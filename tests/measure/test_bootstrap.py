"""bootstrap.py: intervals against textbook values, and against how often they hold the truth."""

import numpy as np
import pytest

from faceswap_lib.measure import bootstrap


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


def test_of_what_was_never_scored_nothing_is_known() -> None:
    assert np.isnan(bootstrap.interval(np.full(20, np.nan))).all()
    there = np.r_[np.full(10, np.nan), np.ones(10)]
    assert np.isnan(bootstrap.interval(there, 0, there[::-1])).all(), "no frame that both have"
    assert bootstrap.scored(np.array([[1, 2], [np.nan, 2], [1, np.inf]])).tolist() == [True, False, False]
