"""judge.py: the network learns what differs between two kinds, says how sure it is, and shows where it is."""

import numpy as np
import pytest

from faceswap_lib.detection.crops import SIZE, Faces
from faceswap_lib.detection.judge import Judge


def faces(count: int, spot: bool, seed: int) -> Faces:
    """Noise pictures; with a spot of fine stripes on the left if asked for."""
    rng = np.random.default_rng(seed)
    pictures = rng.integers(100, 140, (count, SIZE, SIZE, 3), "u1")
    if spot:
        pictures[:, 60:110, 20:70:2] = 250
    return Faces(pictures, np.zeros((count, 478, 2), "f4"), np.arange(count), np.arange(count) % 12)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(0).learn(faces(8, False, 0), faces(16, True, 1), 14)


def test_it_tells_what_it_never_saw_and_says_a_probability(judge):
    real, fake = judge.scores(faces(6, False, 7)), judge.scores(faces(6, True, 8))
    assert fake.min() > real.max() and ((0 <= real) & (fake <= 1)).all() and real.shape == (6,)


def test_what_speaks_for_a_fake_is_where_it_is(judge):
    heat = judge.looked(faces(4, True, 9)).mean(0)
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    cell = SIZE / len(heat)
    assert heat.ndim == 2 and (heat >= 0).all() and heat.max() > 0
    assert 40 < (y + 0.5) * cell < 130 and (x + 0.5) * cell < 95


def test_pictures_of_a_step_are_pairs_of_one_moment():
    """Fakes of a frame lie one whole row after another; mirrored and moved, but no other frame's."""
    real = np.repeat(np.arange(5, dtype="u1")[:, None, None, None] * 40 + 20, 4, 1) * np.ones((1, 1, 4, 3), "u1")
    one = Judge(3)
    one._varied = lambda pictures: pictures
    for batch in one._batches(real, np.concatenate([real + 1, real + 2]), 6):
        half = len(batch) // 2
        assert set(np.unique(batch[half:].astype(int) - batch[:half])) <= {1, 2}


def test_the_same_seed_begins_with_the_same_network():
    first, second, third = (Judge(seed).net.get_weights()[0] for seed in (1, 1, 2))
    assert (first == second).all() and (first != third).any()
