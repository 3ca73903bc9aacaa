"""How well scores tell fakes from recordings: AUC with its interval, ROC, calibration. scikit-learn has the formulas.

The interval is drawn by blocks of time (Politis & Romano 1992): neighbouring frames are alike, and counted one by one
they would promise too much.
"""

from dataclasses import dataclass

import numpy as np

DRAWS = 2000
BINS = 8  # of a reliability curve
ASKED = 0.5  # a face is called a fake from this score on


@dataclass(frozen=True)
class Scored:
    """Scores (N,), the higher the more a fake; whether it is one, bool (N,); and from which block of time, (N,)."""

    score: np.ndarray
    fake: np.ndarray
    block: np.ndarray


@dataclass(frozen=True)
class Auc:
    """The area under the ROC curve: how often a fake scores above a recording; with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def auc(of: Scored, seed: int = 0) -> Auc:
    """AUC with a bootstrap interval over blocks, of which recordings and fakes of one time are drawn together."""
    from sklearn.metrics import roc_auc_score

    names, at = np.unique(of.block, return_inverse=True)
    won = _wins(of.score[of.fake], of.score[~of.fake])
    hot = np.eye(len(names))[at]
    fakes, reals = hot[of.fake], hot[~of.fake]
    wins, pairs = fakes.T @ won @ reals, np.outer(fakes.sum(0), reals.sum(0))
    times = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), DRAWS)
    total = np.einsum("di,ij,dj->d", times, pairs, times)
    drawn = np.einsum("di,ij,dj->d", times, wins, times)[total > 0] / total[total > 0]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Auc(*(round(float(x), 4) for x in (roc_auc_score(of.fake, of.score), low, high)))


def _wins(fakes: np.ndarray, reals: np.ndarray) -> np.ndarray:
    """1 where a fake scores above a recording, half for a tie: (fakes, recordings)."""
    apart = fakes[:, None] - reals
    return (apart > 0) + 0.5 * (apart == 0)


def roc(of: Scored) -> tuple[np.ndarray, np.ndarray]:
    """False alarms and hits, each a share, at every threshold: two columns (K,)."""
    from sklearn.metrics import roc_curve

    alarms, hits, _ = roc_curve(of.fake, of.score)
    return alarms, hits


def reliability(of: Scored) -> tuple[np.ndarray, np.ndarray]:
    """Of scores of a size, which share are fakes: mean scores and shares (K,), for as many bins as are filled."""
    from sklearn.calibration import calibration_curve

    share, said = calibration_curve(of.fake, of.score, n_bins=BINS)
    return said, share


def brier(of: Scored) -> float:
    """The mean square of how far scores are from the truth (Brier 1950): 0 is perfect, 0.25 a coin's 50 %."""
    from sklearn.metrics import brier_score_loss

    return float(brier_score_loss(of.fake, of.score))


def errors(of: Scored) -> tuple[float, float]:
    """False alarms and misses when everything from ASKED on is called a fake, as shares."""
    said = of.score >= ASKED
    return float(said[~of.fake].mean()), float((~said[of.fake]).mean())


def worth(fakes: float, hits: float, alarms: float) -> float:
    """Which share of what is called a fake is one, where so large a share is, by hits and false alarms (Bayes 1763)."""
    return fakes * hits / (fakes * hits + (1 - fakes) * alarms)
