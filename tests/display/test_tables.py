"""tables.py: the report and the damages as a reader sees them."""

import re

from faceswap_lib.display import tables
from faceswap_lib.measure.figures import FIGURES


def seen(page: str) -> list[list[str]]:
    """A table's cells as text."""
    lines = re.findall(r"<tr>(.*?)</tr>", page)
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", line) for line in lines]


def test_scores_show_every_figure_with_its_references_and_what_it_means():
    figure = {"value": 0.316, "low": 0.3, "high": 0.34, "n": 50, "better": "lower"}
    report = {
        "figures": {
            "to_ideal": figure | {"reference": {"source": 0.636, "ideal": 0.0}},
            "coverage": figure | {"value": 1.0, "reference": {"source": 0.0}},
        }
    }
    page = tables.scores(report)
    head, group, first, other, second = seen(page)
    assert group == [FIGURES["to_ideal"].group] and other == [FIGURES["coverage"].group]
    assert head == ["figure", "swap", "95 % interval", "source", "ideal", "better"]
    assert first[0].startswith("to_ideal<small") and "recogniser" in first[0]
    assert first[1:6] == ["0.316", "0.300 … 0.340", "0.636", "0.000", "lower"]
    assert second[1:5] == ["100.0%", "30.0% … 34.0%", "0.0%", ""]
    assert "overflow-x:auto" in page and 'tabindex="0"' in page, "wider than the page, it is scrolled"


def test_falls_are_coloured_and_what_was_predicted_is_framed():
    figure = {"value": 0.5, "low": 0.4, "high": 0.6, "better": "higher"}
    report = {
        "figures": {
            "ssim": figure | {"reference": {"blur": 0.2, "tint": 0.5}},
            "sharpness": figure | {"reference": {"blur": 0.7, "tint": 0.3}},
            "timing": figure | {"reference": {"source": 1.0}},
        }
    }
    page = tables.falls(report, {"blur": {"ssim"}, "tint": set()})
    assert seen(page) == [
        ["figure", "swap", "blur", "tint"],
        ["ssim", "0.500", "0.200 falls", "0.500"],
        ["sharpness", "0.50", "0.70 rises", "0.30 falls"],
    ]
    cells = dict(re.findall(r'<td style="([^"]*)">([^<]*)</td>', page)[i][::-1] for i in (2, 3, 6, 7))
    assert tables.CHANGE["falls"] in cells["0.200 falls"] and "border" in cells["0.200 falls"]
    assert tables.CHANGE["holds"] in cells["0.500"] and tables.CHANGE["rises"] in cells["0.70 rises"]
    assert tables.CHANGE["falls"] in cells["0.30 falls"] and "border" not in cells["0.30 falls"]


def test_widths_of_two_reports_are_compared():
    figure = {"low": 0.4, "high": 0.6}
    one = {"figures": {"ssim": figure, "timing": {"low": 1, "high": 1}, "parts": figure}}
    other = {"figures": {"ssim": {"low": 0.35, "high": 0.65}, "timing": {"low": 1, "high": 1}}}
    head, first, second = seen(tables.widths(one, other))
    assert first == ["ssim", "0.200", "0.300", "1.5"] and second[0] == "timing" and second[3] == ""
