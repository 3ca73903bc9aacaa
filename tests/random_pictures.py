"""Random numbers in the shape of pictures, for tests that compare one formula with another."""

import numpy as np


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    """Float32 in [0, 1], the same for the same shape and seed."""
    return np.random.default_rng(seed).uniform(0, 1, shape).astype("f4")
