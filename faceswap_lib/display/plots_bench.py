"""The appendix's pictures: figures over training time, variants beside one another, what the layers of a step cost."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from faceswap_lib import UserError, strangers
from faceswap_lib.display import theme
from faceswap_lib.measure.figures import FIGURES
from faceswap_lib.measure.verdicts import side

MOST = 1 << 26  # bytes of a benchmark's file
COLOURS = {"better": theme.IDEAL, "worse": theme.B, "even": "#8d99ae"}
UNTRAINED = {"B's mean": "--", "B's nearest": ":"}


def read(path: str | Path) -> dict:
    """What `bench`, `ablate` or `trace` wrote; UserError when it is not there or damaged."""
    try:
        return strangers.parsed(Path(path), MOST)
    except (OSError, ValueError) as error:
        raise UserError(f"There is no benchmark to read in {path} ({error}); measure again.") from error


def over_time(made: dict, names: Sequence[str]) -> Figure:
    """Figures at each moment of a training (seconds, and faces seen), and where the rows without training stand."""
    moments, rows = list(made["against"]), made["rows"]
    at, seen = range(len(moments)), _seen(made)
    fig, axes = plt.subplots(
        -(-len(names) // 4), 4, figsize=(11, 2.3 * -(-len(names) // 4)), squeeze=False, layout="constrained"
    )
    for ax, name in zip(axes.flat, names, strict=False):
        ax.plot(at, [rows[m][name] for m in moments], "o-", color=theme.A, label="the swap")
        noise = made["noise"][name]
        ax.fill_between(at, *([rows[m][name] + s * noise for m in moments] for s in (-1, 1)), color=theme.A, alpha=0.12)
        for label, style in UNTRAINED.items():
            if label in rows and rows[label].get(name) is not None:
                ax.axhline(rows[label][name], color="#555555", ls=style, lw=1.2, label=label)
        if rows.get("ideal", {}).get(name) is not None and name in ("sharpness", "identity", "gaze"):
            ax.axhline(rows["ideal"][name], color=theme.IDEAL, lw=1, label="ideal")
        ax.set_title(f"{name} ({FIGURES[name].better} is better)", fontsize=9)
        ax.set_xticks(at, [f"{m}\n{s}" for m, s in zip(moments, seen, strict=True)], fontsize=7)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes.flat[len(names) :]:
        ax.set_axis_off()
    axes[0, 0].legend(frameon=False, fontsize=7)
    return theme.finished(fig, "", f"Curves over training time, {moments[0]} to {moments[-1]}: {', '.join(names)}.")


def differences(made: dict, names: Sequence[str]) -> Figure:
    """How far the compared row is from every other one, figure by figure, with the interval of the difference."""
    (label, others), *_ = made["against"].items()
    others = {other: found for other, found in others.items() if other in made["about"].get("variants", others)}
    fig, axes = plt.subplots(
        1,
        len(names),
        figsize=(2 * len(names) + 2, 0.35 * len(others) + 1),
        sharey=True,
        layout="constrained",
        squeeze=False,
    )
    for ax, name in zip(axes[0], names, strict=True):
        for place, (_, found) in enumerate(others.items()):
            if name in found:
                value, low, high = found[name]
                ax.errorbar(
                    value,
                    place,
                    xerr=[[value - low], [high - value]],
                    fmt="o",
                    ms=4,
                    color=COLOURS[side(name, low, high)],
                )
        ax.axvline(0, color="#555555", lw=0.8)
        ax.set_title(f"{name}\n({FIGURES[name].better} is better)", fontsize=9)
        ax.tick_params(labelsize=7)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_yticks(range(len(others)), others, fontsize=9)
    axes[0, 0].invert_yaxis()
    fig.suptitle(f"“{label}” less each variant. Green: it is better; red: worse; grey: no clear difference", fontsize=9)
    alt = f"How much better or worse “{label}” is than {', '.join(others)}, with intervals, in {', '.join(names)}."
    return theme.finished(fig, "", alt)


def layers(made: dict) -> Figure:
    """The layers of a step, each alone: how long it takes, and how near it comes to the machine's peak."""
    rows = sorted(made["layers"], key=lambda row: -row["ms"])[:14]
    names = [f"{row['part']} {'×'.join(map(str, row['out']))}" for row in rows]
    shares = [row["gflops"] / made["peak_gflops"] for row in rows]
    fig, ax = plt.subplots(figsize=(8, 0.28 * len(rows) + 1), layout="constrained")
    drawn = ax.barh(range(len(rows)), [row["ms"] for row in rows], color=plt.get_cmap("viridis")(np.clip(shares, 0, 1)))
    ax.bar_label(drawn, [f" {share:.0%} of the peak" for share in shares], fontsize=7)
    ax.set_yticks(range(len(rows)), names, fontsize=7)
    ax.invert_yaxis()
    ax.set_xlabel("ms, forward and backward, the layer alone", fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    slowest = f"the slowest is {names[0]} with {rows[0]['ms']:.0f} ms, {shares[0]:.0%} of the machine's peak"
    return theme.finished(fig, "", f"Bars: milliseconds of each layer of a training step; {slowest}.")


def _seen(made: dict) -> list[str]:
    """How many thousand faces the training had seen at each moment, median over the seeds."""
    work = made["about"]["work"]
    batch = made["about"]["batch"]
    steps = [np.median([w["iterations"].get(m, 0) for w in work]) for m in made["against"]]
    return [f"{2 * batch * s / 1000:.1f}k faces" for s in steps]
