"""starts.py: what each start draws before a step, and how it is judged."""

import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.measure import starts


@pytest.fixture(scope="module")
def judged(facesets, trained):
    return starts.judge(facesets["b"], "smoke", {"trained": trained.model})


def test_noise_is_far_away_the_mean_is_near_and_training_is_nearer(judged):
    rows = {row["network"]: row for row in judged.rows}
    assert list(rows) == ["noise, 0 steps", "trained, 40 steps", "mean texture, 0 steps"], "no base of that size"
    loss = {name: row["loss"] for name, row in rows.items()}
    assert loss["noise, 0 steps"] > 2 * loss["mean texture, 0 steps"] > 0
    assert loss["trained, 40 steps"] < loss["mean texture, 0 steps"]
    assert abs(rows["mean texture, 0 steps"]["eyes"]) < 0.3


def test_the_pictures_are_those_that_were_judged(judged):
    assert list(judged.pictures)[0] == "real" and list(judged.pictures)[1:] == [row["network"] for row in judged.rows]
    assert {(len(p), *p.shape[1:], p.dtype) for p in judged.pictures.values()} == {(3, 64, 64, 3, np.dtype("u1"))}
    mean = judged.pictures["mean texture, 0 steps"].astype(float)
    assert np.abs(mean - mean[0]).mean() < 4 < np.abs(judged.pictures["real"].astype(float) - mean).mean()


def test_a_run_stands_beside_the_kits_own(judged):
    ends = {"loss": [0.1, 0.15, 0.2], "sharpness": [0.7, 0.7, 0.8], "eyes": [0.5, 0.6, 0.6]}
    kit = {"starts": {"noise, 0 steps": ends | {"loss": [1.2, 1.3, 1.34]}, "trained": ends | {"gaze": [0.1, 0.5, 0.6]}}}
    noise, trained, mean = starts.beside(judged.rows, kit)
    assert noise["loss, kit"] == "1.20 … 1.34" and trained["loss, kit"] == "0.10 … 0.20" and mean["loss, kit"] == ""
    assert trained["gaze, kit"] == "0.10 … 0.60" and noise["gaze, kit"] == "", "noise makes no swap that shows a face"
    assert noise["loss"] == judged.rows[0]["loss"]
    with pytest.raises(UserError, match="bench --noise"):
        starts.beside(judged.rows, {})


def test_what_moves_alike_follows_and_what_stands_still_does_not():
    random = np.random.default_rng(0)
    real, weight = random.random((6, 8, 8, 3)), np.ones((6, 8, 8, 1))
    assert starts.follows(0.5 + real / 3, real, weight) == pytest.approx(1)
    assert starts.follows(1 - real, real, weight) == pytest.approx(-1)
    assert starts.follows(np.repeat(real[:1], 6, 0), real, weight) == 0
    other = random.random((6, 8, 8, 3))
    expected = np.corrcoef((other - other.mean(0)).ravel(), (real - real.mean(0)).ravel())[0, 1]
    assert starts.follows(other, real, weight) == pytest.approx(expected, abs=1e-3)
    half = weight * (np.arange(8) < 4)[None, :, None, None]
    mixed = np.where(half > 0, real, other)
    assert starts.follows(mixed, real, half) == pytest.approx(1)


def test_swaps_of_several_seeds_become_a_table_with_the_ends_of_their_intervals():
    random, found = np.random.default_rng(1), []
    rows = [
        {"network": name, "loss": 1.0, "sharpness": 1.0, "eyes": 0.0} for name in ("base, 0 steps", "trained, 9 steps")
    ]
    for seed in range(3):
        parts, looks = random.normal(0.5 + seed / 10, 0.02, 60), random.normal(0, 1, 60)
        clips = {
            name: {"parts": parts.tolist(), "gaze": looks.tolist()} for name in ("source", "base, 0 steps", "B's mean")
        }
        clips["swap"] = {"parts": (parts + 0.1).tolist(), "gaze": (-looks).tolist()}
        report = {"frames": {"index": list(range(60)), **clips}, "run": {"seed": seed}}
        rows[1]["network"], rows[1]["loss"] = f"trained, {seed + 5} steps", 0.2 + seed / 10
        found.append(starts.joined(rows, starts.swaps(report)))
    table = starts.gathered(found)
    assert list(table) == ["base, 0 steps", "trained"] and table["trained"]["loss"] == pytest.approx([0.2, 0.3, 0.4])
    low, middle, high = table["base, 0 steps"]["parts"]
    assert low < 0.5 + 0.01 and middle == pytest.approx(0.6, abs=0.01) and 0.7 - 0.01 < high < 0.75
    assert table["trained"]["gaze"] == pytest.approx([-1, -1, -1]) and table["base, 0 steps"]["gaze"][
        1
    ] == pytest.approx(1)


def test_the_losses_at_a_moment_lie_between_two_looks():
    history = [{"seconds": s, "held_a": 1 / s, "held_b": s, "iteration": 10 * s} for s in (1, 2, 4)]
    assert starts.at(history, 3) == pytest.approx({"a": 0.375, "b": 3, "iteration": 30})
    assert starts.ends([3, 1, 2, 9]) == [1, 2.5, 9]
