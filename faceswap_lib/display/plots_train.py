"""Plots of a training, for lab 4: its learning curves, the game's losses, and what the network drew when."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from faceswap_lib.display import show, theme
from faceswap_lib.network import previews


def curves(history: Sequence[dict]) -> Figure:
    """Learning curves of a training: the loss on faces it learns from and on faces it never sees."""
    fig, ax = plt.subplots(figsize=(7.5, 3), layout="constrained")
    steps = [r["iteration"] for r in history]
    for side, colour in (("a", theme.A), ("b", theme.B)):
        name = side.upper()
        held, own = ([r[f"{kind}_{side}"] for r in history] for kind in ("held", "loss"))
        ax.plot(steps, held, color=colour, lw=2.5, label=f"{name}, never seen")
        ax.plot(steps[1:], own[1:], color=colour, lw=1.2, ls="--", label=f"{name}, learned from")
    theme.tidy(ax, "iteration", "loss: lower is better")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, ncols=2, fontsize=9)
    return theme.finished(fig, "Learning curves")


def game(histories: Mapping[str, Sequence[dict]]) -> Figure:
    """The discriminator's losses in one or more trainings: at 1 it only guesses, at 0 it is never fooled."""
    fig, axes = plt.subplots(1, len(histories), figsize=(7.5, 2.8), squeeze=False, sharey=True, layout="constrained")
    for ax, (name, history) in zip(axes[0], histories.items(), strict=True):
        played = [r for r in history if r["gan_real"] or r["gan_fake"]]
        steps = [r["iteration"] for r in played]
        for key, style, label in (("gan_real", "-", "on real pictures"), ("gan_fake", "--", "on drawn pictures")):
            ax.plot(steps, [r[key] for r in played], style, color=theme.GAME, marker=".", label=label)
        ax.axhline(1, color=theme.GREY, lw=1, ls=":")
        theme.tidy(ax, "iteration", "discriminator's loss" if ax is axes[0][0] else "")
        ax.set_title(name if played else f"{name}: no game was played", fontsize=10)
        ax.set(ylim=(0, 2.2), xlim=(0, max(1, history[-1]["iteration"]) * 1.05))
    axes[0][0].legend(frameon=False, fontsize=9)
    return theme.finished(fig, "")


def preview(model: str | Path, which: int = -1) -> Figure:
    """A preview of a training (0 the first, -1 the last): held-out faces, and how the network draws them."""
    path = previews.paths(model)[which]
    return show.grid(
        dict(zip("1234", previews.cut(path), strict=True)), previews.COLUMNS, f"iteration {int(path.stem)}"
    )


def over_time(model: str | Path, count: int = 5, line: int = 1, steps: Sequence[int] = ()) -> Figure:
    """Line 0 to 3 of previews of a training: nearest to these steps, else first to last, closer where it begins."""
    sheets = {int(path.stem): path for path in previews.paths(model)}
    wanted = steps or [0, *np.geomspace(max([1, *sheets]), 8, count - 1)]
    pick = [sheets[i] for i in sorted({min(sheets, key=lambda known: abs(known - step)) for step in wanted})]
    return show.grid({f"iteration {int(path.stem)}": previews.cut(path)[line] for path in pick}, previews.COLUMNS)
