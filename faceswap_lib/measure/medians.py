"""A benchmark's reports, one a seed, as one table: medians over the seeds, and differences frame by frame."""

import json
from pathlib import Path

import numpy as np

from faceswap_lib import UserError
from faceswap_lib.files import whole
from faceswap_lib.measure.bootstrap import interval
from faceswap_lib.measure.figures import FIGURES
from faceswap_lib.measure.report import aligned, shown
from faceswap_lib.measure.verdicts import side


def moments(words: str) -> list[float]:
    """Seconds out of words such as "0,15,60"; UserError where they are none."""
    try:
        return [float(word) for word in words.split(",")]
    except ValueError as error:
        raise UserError(f"'{words}' are no seconds; write them as 0,15,60.") from error


def save(path: Path, reports: list[dict], about: dict, named: list[str], compared: list[str]) -> dict:
    """Medians over the seeds as `bench.bench` describes them, written whole or not at all; returns them.

    reports: an evaluation's report a seed, with "order", its trained clips, the swap last; about: what was measured;
    named: the trained rows as they stand in the table; compared: rows whose differences to all others are kept.
    """
    first, (*others, last) = reports[0]["figures"], reports[0]["order"]
    figures = [f for f in first if all(f in r["figures"] for r in reports) and not f.startswith("unseen")]
    references = [label for label in first["identity"]["reference"] if label not in others]
    labels = [*named, *references]
    rows = {label: {f: _median(reports, f, None if label == last else label) for f in figures} for label in labels}
    noise = {
        f: float(np.median([(r["figures"][f]["high"] - r["figures"][f]["low"]) / 2 for r in reports])) for f in figures
    }
    against = {
        label: {
            other: {f: d for f in figures if (d := _difference(reports, f, label, other))}
            for other in labels
            if other != label
        }
        for label in compared
    }
    made = {"rows": rows, "noise": noise, "against": against, "about": about | {"run": reports[0]["run"]}}
    with whole(path) as part:
        part.write_text(json.dumps(made, indent=1), encoding="utf-8")
    return made


def of(report: dict, figure: str, label: str) -> list[float]:
    """A figure of one of a report's clips, over its frames: [value, low, high] of its 95 % interval."""
    (column,) = _columns(report, figure, [label])
    return [round(x, 4) for x in interval(column, report["run"]["seed"])]


def _columns(report: dict, figure: str, labels: list[str]) -> list[np.ndarray]:
    """A figure's frames of those clips that have it, paired with the source's where it correlates."""
    frames = [report["frames"].get(label, {}) for label in labels]
    columns = [np.array(found[figure], float) for found in frames if figure in found]
    if FIGURES[figure].correlates:
        source = np.array(report["frames"]["source"][figure], float)
        return [np.c_[column, source] for column in columns]
    return columns


def _difference(reports: list[dict], figure: str, label: str, other: str) -> list[float] | None:
    """Of two rows, frame by frame: [difference, low, high], medians over the seeds; None where one has no frames."""
    found = []
    for report in reports:
        names = ["swap" if row == report["order"][-1] else row for row in (label, other)]
        columns = _columns(report, figure, names)
        if len(columns) < 2:
            return None
        found.append(interval(columns[0], report["run"]["seed"], columns[1]))
    return [round(float(x), 4) for x in np.median(found, 0)]


def _median(reports: list[dict], figure: str, label: str | None) -> float | None:
    """Of a figure's values for a reference (None: the swap itself); None where it has none."""
    found = [
        r["figures"][figure]["value"] if label is None else r["figures"][figure]["reference"].get(label)
        for r in reports
    ]
    return None if None in found else round(float(np.median(found)), 4)


def table(made: dict) -> str:
    """What `bench` or `ablate` returned as plain text: a line per figure, a column per row, and the noise.

    Below it, where the compared rows are better and worse than others, frame by frame.
    """
    rows = made["rows"]
    lines = [["", *rows, "±", "better"]]
    for name, noise in made["noise"].items():
        values = (shown(name, row.get(name)) for row in rows.values())
        lines.append([name, *values, shown(name, noise), FIGURES[name].better])
    return "\n".join([aligned(lines), "", *sides(made)])


def sides(made: dict) -> list[str]:
    """A sentence for each compared row and each other one: where it is better, where worse, frame by frame."""
    out = []
    for label, others in made["against"].items():
        for other, differences in others.items():
            found = {"better": [], "worse": [], "even": []}
            for figure, difference in differences.items():
                found[side(figure, *difference[1:])].append(figure)
            told = "; ".join(f"{way} in {', '.join(found[way])}" for way in ("better", "worse") if found[way])
            out.append(f"{label} against {other}: {told or 'no clear difference'}")
    return out
