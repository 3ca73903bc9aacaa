"""How sure a figure is: its 95 % interval, by drawing stretches of frames again and again."""

from collections.abc import Iterator

import numpy as np

BLOCK = 32  # frames: neighbouring frames score alike, and forget one another after 5 to 28 (measured)
DRAWS, AT_ONCE = 2000, 100  # of the bootstrap, and how many are held in memory


def interval(values: np.ndarray, seed: int = 0, against: np.ndarray | None = None) -> tuple[float, float, float]:
    """Mean of values (frames,), or correlation of pairs (frames, 2), with its 95 % bootstrap interval; NaN of none.

    against: the same frames of another clip; then it is the difference to theirs. Values that are NaN are not scored.
    Stretches of BLOCK frames are drawn, not single ones (circular blocks: Politis & Romano 1992): neighbours are
    alike, and drawing them one by one would promise too narrow an interval.
    """
    sides = [values] if against is None else [values, against]
    there = np.all([scored(side) for side in sides], 0)
    if not (n := int(there.sum())):
        return np.nan, np.nan, np.nan
    sides = [side[there].astype(float) for side in sides]
    block = max(1, min(round(BLOCK * n / len(values)), n // 4))
    starts = np.random.default_rng(seed).integers(0, n, (DRAWS, -(-n // block), 1))
    drawn = [_difference([side[index] for side in sides]) for index in _indices(starts, block, n)]
    low, high = np.percentile(np.concatenate(drawn), [2.5, 97.5])
    return float(_difference([side[None] for side in sides])[0]), float(low), float(high)


def scored(values: np.ndarray) -> np.ndarray:
    """Which frames of values (frames,) or pairs (frames, 2) were scored, bool (frames,)."""
    return np.isfinite(values).reshape(len(values), -1).all(1)


def _indices(starts: np.ndarray, block: int, n: int) -> Iterator[np.ndarray]:
    for some in np.array_split(starts, DRAWS // AT_ONCE):
        yield (some + np.arange(block)).reshape(len(some), -1)[:, :n] % n


def _difference(sides: list[np.ndarray]) -> np.ndarray:
    """The statistic of values (draws, n) or pairs (draws, n, 2), less that of the other side if there is one."""
    found = [_correlation(side) if side.ndim == 3 else side.mean(1) for side in sides]
    return found[0] if len(found) == 1 else found[0] - found[1]


def _correlation(pairs: np.ndarray) -> np.ndarray:
    """Pearson's, (draws,) of pairs (draws, n, 2); 0 where nothing moves."""
    x, y = np.moveaxis(pairs - pairs.mean(1, keepdims=True), 2, 0)
    size = np.sqrt((x * x).sum(1) * (y * y).sum(1))
    return np.divide((x * y).sum(1), size, out=np.zeros(len(x)), where=size > 1e-12)
