"""show.py: every plot holds the data it says it shows; pictures are compared with ones made another way."""

import shutil

import cv2
import matplotlib
import numpy as np
import pytest
import rewritten
from figure_pictures import pictures

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from faceswap_lib import UserError, extract, samples
from faceswap_lib.display import show
from faceswap_lib.face import faceset, geometry
from faceswap_lib.media import video


def titles(fig: matplotlib.figure.Figure) -> list[str]:
    """Titles above the first row."""
    return [ax.get_title() for ax in fig.axes if ax.get_title()]


def detail(picture: np.ndarray) -> float:
    """Standard deviation of the Laplacian in the middle half, where the face is."""
    n = len(picture)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[n // 4 : -n // 4, n // 4 : -n // 4]
    return float(cv2.Laplacian(grey, cv2.CV_64F).std())


def test_a_figure_is_returned_closed_so_that_it_is_shown_once():
    before = plt.get_fignums()
    fig = show.row({"one": np.zeros((8, 8, 3), "u1"), "two": np.ones((8, 8, 3), "u1")}, "both")
    assert plt.get_fignums() == before and isinstance(fig, matplotlib.figure.Figure)
    assert titles(fig) == ["one", "two"] and fig.get_suptitle() == "both"


def test_a_grid_shows_its_pictures_in_their_places_and_leaves_holes_empty():
    tiles = {
        name: [np.full((4, 4, 3), value, "u1") for value in values]
        for name, values in {"x": (1, 2, 3), "y": (4,)}.items()
    }
    fig = show.grid(tiles, ["p", "q", "r"])
    assert [int(p[0, 0, 0]) for p in pictures(fig)] == [1, 2, 3, 4]
    assert titles(fig) == ["p", "q", "r"]
    assert [ax.get_ylabel() for ax in fig.axes if ax.get_ylabel()] == ["x", "y"]


def test_moments_are_evenly_over_the_clip_without_its_ends(short):
    every = list(video.frames(short["a"]))
    found = show.moments(short["a"], 2)
    assert len(found) == 2 and np.array_equal(found[0], every[9]) and np.array_equal(found[1], every[19])
    assert len(show.moments(short["a"], 100)) <= 30


def test_a_strip_shows_the_same_moment_of_each_clip_close_to_the_face(short, facesets):
    fig = show.strip({"one": short["a"], "again": short["a"]}, facesets["a"], count=3)
    shown = pictures(fig)
    assert len(shown) == 6 and all(np.array_equal(shown[i], shown[i + 3]) for i in range(3))
    assert titles(fig) == ["0.3 s", "0.6 s", "0.9 s"]
    whole = pictures(show.strip({"one": short["a"], "two": short["b"]}, count=3))
    assert whole[0].shape == (320, 320, 3) and len(whole) == 6


def test_mesh_and_points_are_drawn_where_the_landmarks_are(clip_a):
    frame, points = clip_a.frames[0], clip_a.faces[0][0].landmarks
    plain, drawn = geometry.close_up(frame, points, 480), show.mesh_on(frame, points, 480)
    low, high = points.min(0), points.max(0)
    x, y = ((points[1] - (low + high) / 2) * 320 / (high - low).max() + 240).round().astype(int)  # the tip of the nose
    assert np.abs(drawn[y, x].astype(int) - (255, 214, 10)).max() < 40
    assert np.abs(plain[y, x].astype(int) - (255, 214, 10)).max() > 60
    assert np.array_equal(drawn[:60], plain[:60])  # above the face nothing is drawn


def test_a_clips_first_face_from_a_moment_on(short, tmp_path):
    found = show.mesh_of(short["a"], 1.0, 160)
    assert list(found) == ["face", "landmarks and mesh", "texture"]
    assert found["face"].shape == (160, 160, 3) and not np.array_equal(found["face"], found["landmarks and mesh"])
    assert not np.array_equal(found["face"], show.mesh_of(short["a"], 0.0, 160)["face"])
    video.write(tmp_path / "grey.mp4", [np.full((64, 64, 3), 90, "u1")] * 5, 24)
    with pytest.raises(UserError, match="shows no face"):
        show.mesh_of(tmp_path / "grey.mp4")


def test_the_mesh_is_that_of_whose_faceset_it_is(short, tmp_path):
    a, b = (list(video.frames(short[name]))[:4] for name in "ab")
    pages_ = [
        np.hstack([cv2.copyMakeBorder(cv2.resize(x, (240, 240)), 40, 40, 0, 0, 2), y])
        for x, y in zip(a, b, strict=True)
    ]
    video.write(tmp_path / "two.mp4", pages_, 24)
    extract.extract(tmp_path / "two.mp4", tmp_path / "f", profile="smoke", person=1)
    found = show.mesh_of(tmp_path / "two.mp4", folder=tmp_path / "f")
    own = faceset.load(tmp_path / "f").solid[0]
    assert own[:, 0].max() < 240
    frame = next(video.frames(tmp_path / "two.mp4"))
    assert np.array_equal(found["face"], geometry.close_up(frame, own, 400))
    assert not np.array_equal(found["face"], show.mesh_of(tmp_path / "two.mp4")["face"])


def test_the_better_the_alignment_the_sharper_the_average(tmp_path):
    extract.extract(samples.path("person_b"), tmp_path / "b", profile="smoke")
    found = show.averages(samples.path("person_b"), tmp_path / "b", size=128)
    assert list(found) == ["no alignment", "similarity", "mesh"]
    none, similarity, mesh = (detail(picture) for picture in found.values())
    assert similarity > 1.2 * none and mesh > 1.5 * similarity
    assert all(p.shape == (128, 128, 3) and p.dtype == np.uint8 for p in found.values())


def test_the_average_of_one_face_is_that_face(short, facesets, tmp_path):
    alone = shutil.copytree(facesets["a"], tmp_path / "alone")
    rewritten.faces(alone, lambda raw: raw.update(faces=raw["faces"][:1]))
    found = show.averages(short["a"], alone, size=64)
    person = faceset.load(alone)
    frame = next(video.frames(short["a"]))
    assert np.array_equal(found["no alignment"], geometry.close_up(frame, person.solid[0], 64))
    assert np.abs(found["mesh"].astype(int) - found["similarity"]).mean() > 3
    some = show.averages(short["a"], facesets["a"], {0}, 64)
    assert np.array_equal(some["no alignment"], geometry.close_up(frame, faceset.load(facesets["a"]).solid.mean(0), 64))
    with pytest.raises(UserError, match="no face left"):
        show.averages(short["a"], facesets["a"], set())


def test_layers_show_aligned_texture_and_motion_of_each_face(facesets):
    fig = show.layers(facesets["a"], count=3, size=64)
    shown = pictures(fig)
    assert len(shown) == 9
    stored = faceset.load(facesets["a"])
    assert any(np.array_equal(shown[0], picture) for picture in stored.images(stored.usable))
    assert shown[3].shape == (64, 64, 3) and shown[6].shape == (32, 32, 3)
    assert np.allclose(shown[6][0, 0], 0.5, atol=0.02)  # grey is rest, and a corner of the ring rests
    assert np.ptp(shown[6]) > 0.05


def test_figures_over_time_are_the_reports_own_with_holes_where_nothing_was_measured():
    rows = {"swap": {"mouth": [0.1, None, 0.3]}, "source": {"mouth": [0.2, 0.2, 0.2]}}
    fig = show.over_time_of({"frames": {"index": [0, 4, 8], **rows}}, ("mouth", "ssim"))
    (ax,) = fig.axes
    drawn = {line.get_label(): line for line in ax.lines}
    assert set(drawn) == {"source", "swap"} and ax.get_ylabel() == "mouth"
    assert drawn["source"].get_xdata().tolist() == [0, 4, 8] and drawn["source"].get_ydata().tolist() == [0.2] * 3
    assert np.isnan(drawn["swap"].get_ydata()[1]) and drawn["swap"].get_ydata()[2] == 0.3


def test_histograms_count_every_face_of_both_people(facesets):
    fig = show.histograms({"A": facesets["a"], "B": facesets["b"]})
    counts = [len(faceset.load(facesets[name]).records) for name in "ab"]
    for ax in fig.axes:
        assert [sum(bar.get_height() for bar in container) for container in ax.containers] == counts
    yaws = [r.pose[0] for r in faceset.load(facesets["a"]).records]
    first, *_, last = fig.axes[0].containers[0].patches
    assert (first.get_x(), last.get_x() + last.get_width()) == pytest.approx((min(yaws), max(yaws)))


def test_the_network_in_training_has_all_players_and_in_the_swap_one_way():
    training, swap = show.network("train"), show.network("swap")
    arrows = [
        sum(text.arrow_patch is not None for text in fig.axes[0].texts if hasattr(text, "arrow_patch"))
        for fig in (training, swap)
    ]
    assert arrows == [8, 3]
    assert not any(patch.get_alpha() < 1 for patch in training.axes[0].patches)
    assert sum(patch.get_alpha() < 1 for patch in swap.axes[0].patches) == 4


def test_bars_are_as_long_as_their_values():
    fig = show.bars({"x": 2.0, "y": 30.0, "z": 1560.4}, "seconds", logarithmic=True)
    (ax,) = fig.axes
    assert [bar.get_width() for bar in ax.containers[0]] == [2.0, 30.0, 1560.4] and ax.get_xscale() == "log"
    assert [text.get_text() for text in ax.texts] == ["2", "30", "1560"] and ax.get_xlabel() == "seconds"


def test_a_figure_stays_small_enough_for_a_page(facesets, tmp_path):
    show.layers(facesets["a"]).savefig(tmp_path / "layers.png")
    assert (tmp_path / "layers.png").stat().st_size < 600e3
