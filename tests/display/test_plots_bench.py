"""plots_bench.py: the pictures show the numbers they were given."""

import json

import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.display import plots_bench

MADE = {
    "rows": {
        "0 s": {"ssim": 0.70, "gaze": 0.3},
        "15 s": {"ssim": 0.74, "gaze": 0.9},
        "ideal": {"ssim": 1.0, "gaze": 0.87},
        "B's mean": {"ssim": 0.73, "gaze": 0.2},
        "B's nearest": {"ssim": 0.72, "gaze": None},
    },
    "noise": {"ssim": 0.01, "gaze": 0.1},
    "against": {"0 s": {"15 s": {"ssim": [-0.04, -0.05, -0.03]}}, "15 s": {"0 s": {"ssim": [0.04, 0.03, 0.05]}}},
    "about": {"batch": 16, "work": [{"iterations": {"0 s": 0, "15 s": 50}}, {"iterations": {"0 s": 0, "15 s": 100}}]},
}
ABLATION = {
    "against": {
        "as it is": {
            "plain": {"ssim": [0.02, 0.01, 0.03], "flicker": [0.2, 0.1, 0.3]},
            "other": {"ssim": [0, -1, 1]},
            "source": {"ssim": [1, 1, 1]},
        }
    },
    "about": {"variants": ["as it is", "plain", "other"]},
}


def test_moments_are_drawn_with_what_needs_no_training():
    fig = plots_bench.over_time(MADE, ("ssim", "gaze"))
    ssim, gaze = fig.axes[:2]
    lines = {line.get_label(): line.get_ydata() for line in ssim.lines}
    assert list(lines["the swap"]) == [0.70, 0.74] and lines["B's mean"][0] == 0.73 and "ideal" not in lines
    assert "B's nearest" not in {line.get_label() for line in gaze.lines}, "a row without that figure"
    assert [t.get_text() for t in ssim.get_xticklabels()] == ["0 s\n0.0k faces", "15 s\n2.4k faces"]


def test_a_difference_is_coloured_by_its_verdict_and_references_are_left_out():
    fig = plots_bench.differences(ABLATION, ("ssim", "flicker"))
    ssim, flicker = fig.axes
    colours = [line.get_color() for line in ssim.lines if line.get_marker() == "o"]
    assert colours == [plots_bench.COLOURS["better"], plots_bench.COLOURS["even"]]
    assert [line.get_color() for line in flicker.lines if line.get_marker() == "o"] == [plots_bench.COLOURS["worse"]]
    assert [t.get_text() for t in ssim.get_yticklabels()] == ["plain", "other"]


def test_the_dearest_layers_come_first():
    rows = [{"part": "encoder", "out": [8, 8, 64], "ms": ms, "gflops": 50.0} for ms in (1.0, 9.0, 4.0)]
    fig = plots_bench.layers({"layers": rows, "peak_gflops": 200.0})
    assert [bar.get_width() for bar in fig.axes[0].patches] == [9.0, 4.0, 1.0]
    assert "25 % of the peak" in " ".join(t.get_text() for t in fig.axes[0].texts).replace("%", " %").replace("  ", " ")
    assert np.isfinite([bar.get_width() for bar in fig.axes[0].patches]).all()


@pytest.mark.parametrize("text", [None, "{"])
def test_nothing_to_read(tmp_path, text):
    if text:
        (tmp_path / "bench.json").write_text(text)
    with pytest.raises(UserError, match="measure again"):
        plots_bench.read(tmp_path / "bench.json")
    (tmp_path / "bench.json").write_text(json.dumps(MADE))
    assert plots_bench.read(tmp_path / "bench.json")["noise"] == MADE["noise"]
