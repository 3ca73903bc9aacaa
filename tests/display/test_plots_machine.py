"""plots_machine.py: the pictures of lab 2 show the numbers they were given, and which of them were measured."""

import numpy as np
import pytest

from faceswap_lib.display import plots_machine
from faceswap_lib.machine import cards, speed
from faceswap_lib.machine.worker import Timing


def test_the_bars_say_which_were_measured_here():
    slow, fast = Timing("plain Python", speed.product(8), 0.001), Timing("2 cores", speed.product(512), 0.001)
    (ax,) = plots_machine.rates([slow, fast]).axes
    words = [t.get_text() for t in ax.get_legend().get_texts()]
    assert words[:2] == ["measured here, now", "data sheet, not measured here"]
    hatched = [label.get_text() for label, bar in zip(ax.get_yticklabels(), ax.patches, strict=True) if bar.get_hatch()]
    assert hatched == [f"{name}, 32 bits" for name in cards.data_sheets()]


@pytest.mark.parametrize(("value", "words"), [(0.0342, "0.034"), (6.24, "6.2"), (131.7, "132"), (31200, "31\u202f200")])
def test_numbers_are_short(value, words):
    assert plots_machine.number(value) == words


def test_many_cores_are_drawn_as_their_mean():
    seen = speed.Load([0.1, 0.2], [[10.0] * 16, [30.0] * 16], [5.0, 6.0], [50.0, 60.0], 0.1, 0.2)
    words = [t.get_text() for t in plots_machine.load(seen).axes[0].get_legend().get_texts()]
    assert words == ["the training step,\nof all cores", "mean of 16 cores", "card"]


def test_a_bar_is_as_long_as_its_rate():
    fig = plots_machine.rates([Timing("here", speed.product(1000), 0.5), Timing("there", speed.step(1, 8, 4), 0.5)])
    (ax,) = fig.axes
    long = {name.get_text(): bar.get_width() for name, bar in zip(ax.get_yticklabels(), ax.patches, strict=True)}
    assert long["here"] == pytest.approx(4.0), "2 · 1000³ in half a second"
    assert "there" not in long, "a step is no product"
    for name, card in cards.data_sheets().items():
        assert long[f"{name}, 32 bits"] == 1000 * card["tflops"]["fp32"]
    assert long["H100, 16 bits"] == 1000 * cards.data_sheets()["H100"]["measured"]["product_tflops"]


@pytest.mark.parametrize(
    ("where", "colour", "seconds"), [("1 core", plots_machine.ONE, 0.2), ("2 cores", plots_machine.COLOURS[0], 0.1)]
)
def test_batches_are_drawn_as_time_pictures_a_second_and_memory(where, colour, seconds):
    ops, places = {n: speed.step(n, 8, 4) for n in (1, 4)}, {"1 core": 0.2, "2 cores": 0.1}
    steps = [Timing(place, ops[n], n * each, 0.1 * n) for place, each in places.items() for n in ops]
    fig = plots_machine.batches([Timing("2 cores", speed.product(8), 1.0), *steps])
    drawn = [next(line for line in ax.lines if line.get_label() == where) for ax in fig.axes]
    assert all(line.get_xdata().tolist() == [1, 4] and line.get_color() == colour for line in drawn)
    expected = ([1000 * seconds, 4000 * seconds], [1 / seconds] * 2, [0.1, 0.4])
    for line, values in zip(drawn, expected, strict=True):
        assert line.get_ydata() == pytest.approx(values)


def test_a_roofline_has_its_roof_and_every_point_at_its_place():
    points = [Timing("2 cores", op, 1e-3) for op in (speed.product(64), speed.dense(1, 64), speed.convolution(1, 8, 4))]
    (ax,) = plots_machine.roofline([speed.Roof("2 cores", 100, 10, True)], points).axes
    (roof,) = [line for line in ax.lines if line.get_linewidth() == 2.5]
    assert roof.get_ydata() == pytest.approx(np.minimum(100, 10 * np.asarray(roof.get_xdata())))
    spots = [line.get_xydata()[0].tolist() for line in ax.lines if len(line.get_xydata()) == 1]
    assert spots == [[t.op.intensity, t.gflops] for t in points]
    promised = [line for line in ax.lines if line.get_linestyle() == "--" and len(line.get_xydata()) > 1]
    assert len(promised) == len(cards.data_sheets())


def test_few_cores_are_drawn_one_by_one_and_the_task_is_shaded():
    seen = speed.Load([0.1, 0.2], [[10.0, 90.0], [30.0, 70.0]], [5.0, 6.0], [], 0.1, 0.2)
    (ax,) = plots_machine.load(seen).axes
    drawn = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert drawn == {"core 1": [10, 30], "core 2": [90, 70]}
    shade = min(ax.patches, key=lambda patch: patch.get_zorder())
    assert shade.get_x() == pytest.approx(0.1) and shade.get_width() == pytest.approx(0.1)


def test_a_machine_of_one_core_has_the_processors_colour_and_cards_have_others():
    places = ["1 core", "2 cores", "NVIDIA A10"]
    assert plots_machine._colour(["1 core"], "1 core") == plots_machine.COLOURS[0]
    assert [plots_machine._colour(places, p) for p in places] == [plots_machine.ONE, *plots_machine.COLOURS[:2]]


def test_a_data_sheet_is_told_line_by_line_and_never_as_measured():
    assert not any(roof.measured for roof in plots_machine.sheet_roofs())
    rows = {row["card"]: row for row in plots_machine.sheet_rows()}
    assert list(rows) == list(cards.data_sheets())
    for name, card in cards.data_sheets().items():
        assert rows[name]["ridge, FLOP/byte"] == pytest.approx(card["tflops"]["fp32"] * 1e3 / card["gb_s"], abs=0.5)
        assert (rows[name]["measured by us, 16 bits"] == "not measured") == ("measured" not in card)
