"""play_paint.py: what is painted stands where it belongs."""

import cv2
import numpy as np
import pytest

from faceswap_lib.display import pages, theme
from faceswap_lib.widgets import controls
from faceswap_lib.widgets import play_paint as paint


def test_a_plane_is_white_where_it_is_undecided_and_coloured_to_both_sides():
    field = np.tile(np.array([0.0, 0.5, 1.0]), (3, 1))
    low, middle, high = paint.plane(field, "#0000ff", "#ff0000", 3)[1]
    assert middle.tolist() == [255, 255, 255] and low[2] > low[0] and high[0] > high[2]


def test_dots_stand_where_they_belong_hollow_or_filled():
    for hollow, inside in ((False, paint.rgb(theme.B)), (True, (255, 255, 255))):
        picture = np.full((101, 101, 3), 255, "u1")
        paint.dots(picture, np.array([[0.5, 0.5]]), 1, theme.B, hollow)
        ys, xs = np.where((picture < 250).any(2))
        assert (xs.mean(), ys.mean()) == pytest.approx((75, 25), abs=1)  # y grows upwards
        assert tuple(picture[25, 75]) == inside


def test_the_boundary_is_drawn_where_a_field_crosses_one_half():
    field = np.tile(np.linspace(0, 1, 50), (50, 1))
    picture = np.full((100, 100, 3), 255, "u1")
    paint.boundary(picture, field)
    xs = np.where((picture < 200).all(2))[1]
    assert abs(xs.mean() - 50) < 3 and xs.std() < 2


def test_a_chart_rises_with_its_values_and_is_there_without_any():
    picture = paint.chart({"modes": ([0, 2, 4], theme.IDEAL)}, 8, 300, 150)
    ys, xs = np.where((picture == paint.rgb(theme.IDEAL)).all(2))
    body = ys > paint.TOP
    assert ys[body][xs[body].argmin()] > ys[body][xs[body].argmax()]
    assert paint.chart({"modes": ([], theme.IDEAL)}, 8, 300, 150).shape == (150, 300, 3)


def test_pictures_become_files_and_pages_with_their_alt_text():
    picture = paint.beside(np.zeros((40, 60, 3), "u1"), np.full((40, 30, 3), 200, "u1"))
    assert picture.shape == (40, 102, 3) and paint.below(picture, picture).shape == (80, 102, 3)
    back = cv2.imdecode(np.frombuffer(pages.jpeg_file(picture), "u1"), cv2.IMREAD_COLOR)
    assert np.abs(back.astype(int) - picture[..., ::-1]).mean() < 3
    assert 'alt="a &lt;b&gt;"' in controls.img(picture, "a <b>")


def test_an_image_has_its_alt_text_where_ipywidgets_looks_for_it():
    shown = paint.image("what it shows", 300)
    # the page sets the title only if a description is there and empty; without one the image is not shown at all
    assert shown.tooltip == "what it shows" and shown.get_state("description") == {"description": ""}
