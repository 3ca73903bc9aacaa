"""setup/base/crowd.py: batches that the base is pre-trained on."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "setup/base"))

import crowd as crowds  # noqa: E402  the recipe is no package

S, FACES, COUNT = 32, 20, 64


@pytest.fixture(scope="module")
def crowd() -> crowds.Crowd:
    """Ten people of two faces each, all brighter, heavier and moving more towards the right."""
    slope = np.broadcast_to(np.linspace(60, 200, S), (FACES, S, S))
    motions = np.broadcast_to(np.linspace(0, 1, S // 2)[None, None, :, None], (FACES, S // 2, S // 2, 4))
    targets = np.repeat(slope[..., None], 3, -1).astype("u1")
    means = np.full((FACES // 2, S, S, 3), 128, "u1")
    person = np.repeat(np.arange(FACES // 2), 2)
    return crowds.Crowd(targets, (slope / 5).astype("u1"), motions.astype("f2"), person, means, [{}] * 10)


@pytest.fixture(scope="module")
def batch(crowd) -> dict[str, np.ndarray]:
    """Drawn of those who are not held out."""
    among = np.flatnonzero(~crowd.held)
    return {name: np.asarray(x) for name, x in crowds.draw(crowd, among, COUNT, np.random.default_rng(0)).items()}


def rising(pictures: np.ndarray) -> np.ndarray:
    """Which of some pictures (N, H, W) grow to the right."""
    return pictures[..., -1].mean(1) > pictures[..., 0].mean(1)


def test_every_tenth_person_is_held_out(crowd):
    assert np.flatnonzero(crowd.held).tolist() == [18, 19]


def test_a_batch_has_what_the_network_takes(batch):
    shapes = {name: x.shape for name, x in batch.items()}
    half, whole = (COUNT, S // 2, S // 2), (COUNT, S, S)
    assert shapes == {
        "picture": (*half, 3),
        "motion": (*half, 4),
        "mean": (*whole, 3),
        "target": (*whole, 3),
        "weight": (*whole, 1),
    }
    assert all(x.dtype == np.float32 and np.isfinite(x).all() for x in batch.values())


def test_a_mirrored_face_is_mirrored_in_all_it_has_and_moves_the_other_way_across(batch):
    mirrored = ~rising(batch["target"].mean(-1))
    assert 0.3 < mirrored.mean() < 0.7
    for name in ("weight", "picture"):
        assert (~rising(batch[name].mean(-1)) == mirrored).all(), name
    for part, sign in enumerate(crowds.SIGNS):
        edge = batch["motion"][mirrored][:, :, 0, part]
        assert np.allclose(edge, sign), f"motion {part} is largest on the left now"


def test_a_persons_mean_wears_the_complexion_of_the_face(batch):
    middle = batch["target"][:, S // 2, S // 2 - 1 : S // 2 + 1].mean(1)
    assert np.abs(middle - batch["mean"][:, 0, 0]).max() < 0.03, "the slope passes the mean's grey in the middle"
    assert batch["mean"].std(0).max() > 0.02, "and not all wear the same"
