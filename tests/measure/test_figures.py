"""figures.py: every figure can be read, and what other files say of figures are figures of this list."""

import json
from pathlib import Path

import pytest

from faceswap_lib.measure import damage, figures


@pytest.mark.parametrize("name", figures.FIGURES)
def test_a_figure_says_which_way_is_better_and_how_it_is_shown(name):
    about = figures.FIGURES[name]
    assert about.better in ("higher", "lower") and about.meaning
    assert float(format(0.5, about.form).rstrip("%")) == pytest.approx(50 if "%" in about.form else 0.5, abs=0.06)


@pytest.mark.parametrize("name", figures.FIGURES)
def test_a_figure_that_can_be_bad_says_what_to_do_then_and_no_other_does(name):
    about = figures.FIGURES[name]
    assert (about.good is None) == (about.advice == "")
    assert about.advice == "" or about.advice.endswith(".")


def test_figures_of_a_group_stand_together():
    groups = [about.group for about in figures.FIGURES.values()]
    begun = [group for group, before in zip(groups, [None, *groups], strict=False) if group != before]
    assert len(begun) == len(set(groups)) == 7


def test_what_agrees_with_itself_is_no_rival_of_the_swap():
    """The source does what the source does: as a rival it would win every one of these."""
    own = {name for name, about in figures.FIGURES.items() if "source" in about.marks}
    groups = (figures.ACTS, figures.CALM, figures.FITS)
    acts = {name for name, about in figures.FIGURES.items() if about.group in groups}
    assert own == acts | {"lost", "sound", "timing"}
    assert all(about.marks == figures.OWN for name, about in figures.FIGURES.items() if about.correlates)


def test_what_is_predicted_of_a_break_is_predicted_of_figures():
    for told in (damage.FALLS, damage.MAY):
        assert set().union(*told.values()) <= set(figures.FIGURES)
    assert not any(damage.FALLS[name] & damage.MAY[name] for name in damage.FALLS), "it falls, or it may"


def test_the_regression_run_compares_every_figure_in_the_same_order():
    baseline = json.loads((Path(__file__).parents[1] / "baseline.json").read_text(encoding="utf-8"))
    assert list(baseline["smoke"]["figures"]) == list(figures.FIGURES)
