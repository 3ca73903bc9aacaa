"""plots_detect.py: tables say in words what their colours say, plots say their figures, and heat lies where it is."""

import numpy as np
import pytest

from faceswap_lib.detection.crops import SIZE, Faces
from faceswap_lib.detection.scores import Auc, Scored
from faceswap_lib.display import plots_detect


@pytest.fixture
def faces() -> Faces:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (5, SIZE, SIZE, 3), "u1")
    return Faces(pictures, np.zeros((5, 478, 2), "f4"), np.arange(5), np.ones(5, int))


@pytest.fixture
def said() -> Scored:
    fake = np.repeat([False, True], 20)
    return Scored(np.r_[np.linspace(0, 0.6, 20), np.linspace(0.4, 1, 20)], fake, np.tile(np.arange(4), 10))


def test_cues_are_figures_on_grounds_and_counts_without(said):
    page = plots_detect.cue_table(
        [
            {"cue": "spectrum", "swap": Auc(0.95, 0.9, 1.0), "blur": Auc(0.4, 0.3, 0.5)},
            {"cue": "blinks", "swap": 2, "blur": None},
        ]
    )
    assert "0.95 (0.90 to 1.00)" in page and "#cfe8d5" in page and "#f6c6c0" in page
    assert page.count("<tr>") == 3 and ">2<" in page and 'aria-label="What each cue catches"' in page


def test_a_trial_names_each_detector_and_its_errors():
    auc = {"value": 0.75, "low": 0.6, "high": 0.9}
    rows = [{"case": "half", "own": {"auc": auc, "alarms": 0.2, "misses": 0.4}}]
    page = plots_detect.trial_table(rows, {"own": "this one"})
    assert all(word in page for word in ("this one: AUC", "0.75 (0.60 to 0.90)", "20%", "40%", "half"))


def test_curves_say_their_figures(said):
    assert "own: 0.9" in plots_detect.roc({"own": said}).alt
    assert "Brier 0." in plots_detect.reliability({"own": said}).alt
    axes = plots_detect.roc({"own": said, "other": said}).axes[0]
    assert axes.get_xlabel().startswith("false alarms") and len(axes.get_legend().get_texts()) == 2


def test_heat_is_red_where_it_is(faces):
    heat = np.zeros((12, 12))
    heat[:, 8:] = 1
    red = plots_detect._heated(np.full((SIZE, SIZE, 3), 100, "u1"), heat)
    assert red[90, 170, 0] > 150 > 110 > red[90, 170, 1] and (red[90, 20] == 100).all()

    class Right:
        def looked(self, some):
            return np.repeat(heat[None], len(some), 0)

    fig = plots_detect.looks(Right(), {"one": faces, "two": faces}, count=3)
    assert len(fig.axes) == 6 and "one, two" in fig.alt


def test_examples_show_each_case_once(faces):
    fig = plots_detect.examples({"own": (faces, faces), "half": (faces, faces)})
    assert len(fig.axes) == 4 and "own, half" in fig.alt
