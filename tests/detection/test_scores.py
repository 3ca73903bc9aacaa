"""scores.py: AUC is that of Mann and Whitney, intervals are drawn by blocks, errors and Brier score as by hand."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from faceswap_lib.detection import scores
from faceswap_lib.detection.scores import Scored


def drawn(apart: float, blocks: int = 8, each: int = 10, seed: int = 0, wobble: float = 0.0) -> Scored:
    """Scores of recordings and fakes whose means are so far apart, with an offset per block of time."""
    rng = np.random.default_rng(seed)
    block = np.tile(np.repeat(np.arange(blocks), each), 2)
    fake = np.repeat([False, True], blocks * each)
    offset = np.where(fake, wobble * rng.normal(size=blocks)[block], 0)
    return Scored(rng.normal(size=len(fake)) + apart * fake + offset, fake, block)


@pytest.mark.parametrize("apart", [-1.0, 0.0, 0.7, 3.0])
def test_auc_is_the_share_of_pairs_that_stand_the_right_way_round(apart):
    of = drawn(apart)
    found = scores.auc(of)
    u = mannwhitneyu(of.score[of.fake], of.score[~of.fake]).statistic
    assert found.value == pytest.approx(u / (80 * 80), abs=1e-4)
    assert found.low <= found.value <= found.high and (found.low <= 0.5 <= found.high) == (apart == 0)


def test_ties_count_half():
    of = Scored(np.zeros(8), np.repeat([False, True], 4), np.tile([0, 0, 1, 1], 2))
    assert scores.auc(of) == scores.Auc(0.5, 0.5, 0.5) and str(scores.auc(of)) == "0.50 (0.50 to 0.50)"


def test_frames_that_are_alike_make_nobody_surer():
    few = drawn(0.5, each=4, wobble=1.0)
    many = Scored(*(np.repeat(part, 10) for part in (few.score, few.fake, few.block)))
    wide = [found.high - found.low for found in map(scores.auc, (few, many))]
    assert wide[1] == pytest.approx(wide[0], rel=0.02), "ten copies of each frame bring no news"


def test_roc_runs_from_corner_to_corner_and_bounds_the_area():
    of = drawn(1.0)
    alarms, hits = scores.roc(of)
    assert (alarms[0], hits[0], alarms[-1], hits[-1]) == (0, 0, 1, 1) and (np.diff(alarms) >= 0).all()
    assert (
        np.trapezoid(hits, alarms)
        if hasattr(np, "trapezoid")
        else np.trapz(hits, alarms) == pytest.approx(scores.auc(of).value, abs=1e-3)
    )


def test_errors_calibration_and_brier_by_hand():
    of = Scored(np.array([0.1, 0.6, 0.9, 0.4]), np.array([False, False, True, True]), np.arange(4))
    assert scores.errors(of) == (0.5, 0.5)
    assert scores.brier(of) == pytest.approx((0.1**2 + 0.6**2 + 0.1**2 + 0.6**2) / 4)
    said, share = scores.reliability(of)
    assert said.tolist() == [0.1, 0.4, 0.6, 0.9] and share.tolist() == [0, 1, 0, 1]


def test_who_means_what_he_says_lies_on_the_line():
    rng = np.random.default_rng(1)
    score = rng.random(4000)
    said, share = scores.reliability(Scored(score, rng.random(4000) < score, np.zeros(4000)))
    assert np.abs(said - share).max() < 0.08 and len(said) == scores.BINS
