"""self-swap.html: how near a person swapped with themselves comes to how they were, as one page, and its pictures."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from faceswap_lib.display import sheet, show, theme
from faceswap_lib.display.described import described
from faceswap_lib.measure.figures import FIGURES
from faceswap_lib.measure.report import shown
from faceswap_lib.trust import label

HEADING = "A person swapped with themselves"
MOST = 30  # grey levels, where the map of errors is brightest
TRAP = """A self-swap rewards whatever lets A's own pixels through: A and B are one person, so not swapping at all would
score best. Never choose a setting by it alone: the same setting must not make the swap of two people worse."""


def page(found: object, off: Mapping[str, np.ndarray], clips: Mapping[str, str | Path], faces_a: str | Path) -> str:
    """The whole page of a `selfswap.SelfSwap`; off: `self_swaps.errors`; clips: label -> video, source too."""
    strip = show.strip(clips, faces_a, 5)
    parts = (
        f"<h1>{HEADING}</h1><p><b>{html.escape(found.sentence)}</b></p>",
        f"<p>{html.escape(label.TEXT)}: all clips but the source are drawn by a computer, labelled and signed.</p>",
        "<h2>How near it comes</h2>",
        sheet.table(*figures(found.figures), "Each clip against the source as it was"),
        "<h2>Where it is wrong</h2>",
        described(maps(off), maps(off).alt),
        sheet.table(*regions(found.rows), "Grey levels off, of 255, and how much of the way is gone"),
        "<h2>Frame beside frame</h2>",
        described(strip, strip.alt),
        f"<h2>The trap</h2><p>{TRAP}</p>",
        sheet.table(*shining(found.shining), "A shining through, measured on the built-in pair"),
    )
    return sheet.page(HEADING, "\n".join(parts))


def figures(rows: Mapping[str, Mapping[str, float | None]]) -> tuple[tuple[str, ...], list[list[str]]]:
    """Heads and lines of a table: a figure a line, a clip a column."""
    names = next(iter(rows.values()))
    lines = [[name, *(shown(name, row[name]) for row in rows.values()), FIGURES[name].better] for name in names]
    return ("figure", *rows, "better"), lines


def regions(rows: Sequence[dict]) -> tuple[tuple[str, ...], list[list[str]]]:
    """Heads and lines of a table: a part of the face a line, each clip's error, and the share of the way."""
    form = {float: "{:.1f}".format, str: html.escape}
    lines = []
    for row in rows:
        gone = "nothing to win" if row["gone"] is None else f"{row['gone']:.0%}"
        lines.append([*(form[type(value)](value) for name, value in row.items() if name != "gone"), gone])
    return (*(name for name in rows[0] if name != "gone"), "way gone"), lines


def shining(shares: Sequence[float]) -> tuple[tuple[str, ...], list[list[str]]]:
    """Heads and lines of a table: whose fine detail is in the skin of a swap, beside no swap, mean and ideal."""
    lines = [
        ["this kit's swap", *(f"{share:.2f}" for share in shares)],
        ["not swapped at all", "1.00", "0.00"],
        ["B's mean texture", "0.00", "0.00"],
        ["the ideal swap", "0.00", "1.00"],
    ]
    return ("A shining through", "of A's own detail", "of B's own detail"), lines


def maps(off: Mapping[str, np.ndarray]) -> Figure:
    """Where each clip is off, in the canonical picture of a face: the brighter, the more grey levels."""
    fig, axes = plt.subplots(1, len(off), figsize=(2.8 * len(off) + 0.6, 2.9), layout="constrained", squeeze=False)
    for ax, (name, picture) in zip(axes[0], off.items(), strict=True):
        drawn = ax.imshow(picture, cmap="magma", vmin=0, vmax=MOST)
        ax.set(xticks=[], yticks=[], title=f"{name}: {picture.mean():.1f}")
    fig.colorbar(drawn, ax=axes[0].tolist(), label="grey levels off", shrink=0.9)
    told = ", ".join(f"{name} {picture.mean():.1f} on average" for name, picture in off.items())
    return theme.finished(fig, "", f"A face laid flat, bright where each clip is off from the source: {told}.")
