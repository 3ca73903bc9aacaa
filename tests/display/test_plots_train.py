"""plots_train.py: curves hold the numbers of a training, and previews its pictures."""

import numpy as np
import pytest
from figure_pictures import pictures

from faceswap_lib.display import plots_train
from faceswap_lib.face import faceset


@pytest.fixture
def history() -> list[dict]:
    """Three checks of a training, the game played before the last."""
    keys = ("iteration", "held_a", "held_b", "loss_a", "loss_b", "gan_real", "gan_fake")
    rows = ((0, 0.3, 0.4, 0, 0, 0, 0), (50, 0.2, 0.3, 0.25, 0.35, 0, 0), (100, 0.1, 0.2, 0.15, 0.25, 0.9, 1.1))
    return [dict(zip(keys, row, strict=True)) for row in rows]


def test_curves_hold_the_history_without_the_loss_before_the_first_step(history):
    lines = {line.get_label(): line.get_xydata().tolist() for line in plots_train.curves(history).axes[0].lines}
    assert lines["A, never seen"] == [[0, 0.3], [50, 0.2], [100, 0.1]]
    assert lines["B, never seen"] == [[0, 0.4], [50, 0.3], [100, 0.2]]
    assert lines["A, learned from"] == [[50, 0.25], [100, 0.15]]


def test_the_game_shows_what_was_played_and_says_when_none_was(history):
    fig = plots_train.game({"with": history, "without": history[:2]})
    first, second = fig.axes
    played = {line.get_label(): line.get_xydata().tolist() for line in first.lines}
    assert played["on real pictures"] == [[100, 0.9]] and played["on drawn pictures"] == [[100, 1.1]]
    assert "no game" in second.get_title() and first.get_title() == "with"


def test_previews_are_cut_into_their_pictures(trained):
    paths = sorted((trained.model / "previews").glob("*.jpg"))
    sheet = faceset.read_image(paths[-1])
    shown, size = pictures(plots_train.preview(trained.model)), sheet.shape[0] // 4
    assert len(shown) == 24 and np.array_equal(shown[8], sheet[size : 2 * size, 2 * size : 3 * size])
    assert plots_train.preview(trained.model, 0).get_suptitle() == "iteration 0"
    rows = pictures(plots_train.over_time(trained.model, count=2, line=3))
    assert len(rows) == 12 and np.array_equal(rows[6], sheet[3 * size :, :size])
    assert np.array_equal(rows[0], faceset.read_image(paths[0])[3 * size :, :size])


def test_previews_over_time_stand_closer_where_most_happens(tmp_path):
    (tmp_path / "previews").mkdir()
    sheet = np.zeros((32, 48, 3), "u1")
    for step in (0, 8, 16, 24, 36, *range(50, 1001, 50)):
        faceset.save_image(tmp_path / "previews" / f"{step:06d}.jpg", sheet + step // 5)

    def steps(**how) -> list[int]:
        axes = plots_train.over_time(tmp_path, **how).axes
        return [int(name.split()[1]) for ax in axes if (name := ax.get_ylabel())]

    assert steps(count=6) == [0, 8, 24, 100, 300, 1000] and steps(count=2) == [0, 1000]
    assert steps(steps=(0, 17, 2000)) == [0, 16, 1000]
