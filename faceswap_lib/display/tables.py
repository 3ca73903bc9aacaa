"""Lab 6's tables: the report beside its references, and what each damage does to which figure."""

import html
from collections.abc import Collection, Mapping, Sequence

from faceswap_lib.display.pages import Page, cell
from faceswap_lib.measure.figures import FIGURES
from faceswap_lib.measure.report import labels, shown
from faceswap_lib.measure.verdicts import change

# Each with a ground of its own, for a page may be light or dark.
CHANGE = {
    "falls": "background:#f6c6c0;color:#222;",
    "rises": "background:#cfe8d5;color:#222;",
    "holds": "background:#e3e5e8;color:#444;",
}


def scores(report: dict) -> Page:
    """evaluate's report as a table: a figure a line, the swap beside its references, and what the figure means."""
    names = labels(report)
    heads = ["figure", "swap", "95 % interval", *names, "better"]
    lines, group = ["".join(cell(head, "th") for head in heads)], ""
    for name, f in report["figures"].items():
        if group != (group := FIGURES[name].group):
            lines.append(f'<th colspan="{len(heads)}" style="text-align:left">{html.escape(group)}</th>')
        others = (shown(name, f["reference"].get(label)) for label in names)
        swap = cell(shown(name, f["value"]), weight="font-weight:bold")
        sure = cell(f"{shown(name, f['low'])} … {shown(name, f['high'])}", weight="white-space:nowrap")
        # its meaning below its name: a column of its own was cut off on a narrow screen
        means = f'<small style="display:block;max-width:22em">{html.escape(FIGURES[name].meaning)}</small>'
        first = f'<td style="text-align:left">{html.escape(name)}{means}</td>'
        lines.append(first + swap + sure + "".join(map(cell, [*others, f["better"]])))
    return _scrolled(lines, "The report: the swap beside its references")


def _scrolled(lines: Sequence[str], name: str) -> Page:
    """Lines of a table that is scrolled, by hand or by keyboard, where it is wider than the page."""
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    box = f'<div style="overflow-x:auto" tabindex="0" role="region" aria-label="{html.escape(name)}">'
    return Page(f"{box}<table>{body}</table></div>")


def falls(report: dict, predicted: Mapping[str, Collection[str]]) -> Page:
    """Which figures of each broken clip leave the swap's interval, framed where it was predicted: label -> figures.

    What happened is said by a word, too, for not everybody sees red beside green.
    """
    lines = ["".join(cell(head, "th") for head in ("figure", "swap", *predicted))]
    for name, f in report["figures"].items():
        if not set(predicted) <= set(f["reference"]):
            continue
        cells = [cell(name), cell(shown(name, f["value"]), weight="font-weight:bold")]
        for label, figures in predicted.items():
            how = change(f, f["reference"][label])
            look = CHANGE[how] + "border:2px solid #333;" * (name in figures)
            said = f" {how}" * (how != "holds")
            cells.append(cell(shown(name, f["reference"][label]) + said, weight=look))
        lines.append("".join(cells))
    return _scrolled(lines, "What each damage does to each figure")


def widths(report: dict, other: dict) -> Page:
    """How wide the intervals of another report are, and by which factor they differ from the first one's."""
    lines = ["".join(cell(head, "th") for head in ("figure", "interval", "the other one's", "times as wide"))]
    for name in (name for name in report["figures"] if name in other["figures"]):
        wide = [f["high"] - f["low"] for f in (report["figures"][name], other["figures"][name])]
        times = f"{wide[1] / wide[0]:.1f}" if wide[0] > 0 else ""
        lines.append("".join(map(cell, (name, shown(name, wide[0]), shown(name, wide[1]), times))))
    return _scrolled(lines, "How wide the intervals are")
