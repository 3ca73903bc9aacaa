"""svg_curves.py: the lines stand where the numbers say, and are told to those who do not see them."""

import re
from xml.etree import ElementTree

import pytest

from faceswap_lib.widgets import svg_curves

KEYS = ("iteration", "held_a", "held_b", "loss_a", "loss_b", "gan_real", "gan_fake")
ROWS = ((0, 0.8, 0.9, 0, 0, 0, 0), (50, 0.2, 0.3, 0.4, 0.5, 0, 0), (100, 0.1, 0.2, 0.15, 0.25, 0.9, 1.1))
HISTORY = [dict(zip(KEYS, row, strict=True)) for row in ROWS]


def lines(svg: str) -> list[list[tuple[float, float]]]:
    drawn = ElementTree.fromstring(svg).iter("polyline")
    return [[tuple(map(float, point.split(","))) for point in line.get("points").split()] for line in drawn]


def test_a_loss_that_falls_goes_down_the_page_in_proportion():
    held_a, own_a, held_b, own_b = lines(svg_curves.losses(HISTORY))
    assert [len(line) for line in (held_a, own_a, held_b, own_b)] == [3, 2, 3, 2], "no own loss before the first step"
    floor = svg_curves.HIGH - svg_curves.LOW
    heights = [floor - y for _, y in held_b]
    assert heights == pytest.approx([heights[0] * v / 0.9 for v in (0.9, 0.3, 0.2)], abs=0.2) and heights[0] > 100
    across = [x for x, _ in held_a]
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.2)


def test_the_legend_stands_above_all_curves():
    svg = svg_curves.losses([{**row, "held_a": 0.9} for row in HISTORY])
    legend = [float(line.get("y1")) for line in ElementTree.fromstring(svg).iter("line")]
    assert len(legend) == 4 and max(legend) + 4 < min(y for line in lines(svg) for _, y in line)


def test_what_is_drawn_is_said_too():
    label = ElementTree.fromstring(svg_curves.losses(HISTORY)).get("aria-label")
    assert "A, never seen from 0.800 to 0.100" in label and "B, learned from from 0.500 to 0.250" in label


def test_a_game_is_drawn_where_one_was_played():
    assert svg_curves.game(HISTORY[:2]) == ""
    assert [len(line) for line in lines(svg_curves.game(HISTORY))] == [1, 1]
    assert "on real from 0.900" in svg_curves.game(HISTORY)


def test_nothing_yet_is_an_empty_plot():
    svg = svg_curves.losses([])
    assert lines(svg) == [[], [], [], []] and "nothing yet" in svg and not re.search("nan|inf", svg)
