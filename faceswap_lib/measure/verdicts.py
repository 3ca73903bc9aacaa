"""What the figures come to in words: the swap beside each reference, when to stop training, what B's video lacks."""

import numpy as np

from faceswap_lib.measure.bootstrap import interval, scored
from faceswap_lib.measure.figures import FIGURES, Figure

SIDES = {"better": "better than", "worse": "worse than", "even": "not clearly different from", "other frames": "beside"}


def judge(name: str, values: dict[str, np.ndarray], seed: int) -> tuple[dict, str]:
    """A figure of the report, and in words against which references the swap is better or worse, paired by frame.

    values: label -> a value per frame (a pair where the figure correlates), the swap's own under "swap".
    """
    about, swap = FIGURES[name], values["swap"]
    value, low, high = (round(x, 4) for x in interval(swap, seed))
    others = {label: column for label, column in values.items() if label != "swap"}
    rows = {label: round(interval(column, seed)[0], 4) for label, column in others.items()}
    against = {label: _beside(name, swap, column, seed) for label, column in others.items()}
    sides: dict[str, list[str]] = {}
    for label, found in against.items():
        told = "the mark to reach:" if label in about.marks else SIDES[found]
        sides.setdefault(told, []).append(f"{label} ({rows[label]:{about.form}})")
    n = int(scored(swap).sum())
    figure = {
        "value": value,
        "low": low,
        "high": high,
        "n": n,
        "better": about.better,
        "reference": rows,
        "swap_is": against,
    }
    told = "; ".join(f"{how} {', '.join(labels)}" for how, labels in sides.items())
    said = f"{name} {value:{about.form}} ({low:{about.form}} to {high:{about.form}}, n = {n})"
    return figure, f"{said}: {told}." + (f" {about.advice}" if _is_bad(about, low, high) else "")


def _beside(name: str, swap: np.ndarray, other: np.ndarray, seed: int) -> str:
    """Is the swap better or worse than another clip, frame by frame, or is that within the noise?"""
    return "other frames" if len(swap) != len(other) else side(name, *interval(swap, seed, other)[1:])


def side(name: str, low: float, high: float) -> str:
    """What the interval of a difference to another clip says of a figure: better, worse, or even (it has 0 in it)."""
    if not (low > 0 or high < 0):
        return "even"
    return "better" if (low > 0) == (FIGURES[name].better == "higher") else "worse"


def change(figure: dict, value: float) -> str:
    """Does another clip's value fall out of a report's figure on the bad side, rise on the good one, or hold?"""
    up = figure["better"] == "higher"
    if figure["low"] <= value <= figure["high"]:
        return "holds"
    return "rises" if (value > figure["high"]) == up else "falls"


def _is_bad(about: Figure, low: float, high: float) -> bool:
    """Clearly on the wrong side: the whole interval is beyond what is good."""
    return about.good is not None and (high < about.good if about.better == "higher" else low > about.good)


def stop_rule(history: list[dict]) -> str:
    """When to stop, from a training's held-out losses (A's and B's together): would more minutes help?

    It compares the best check of the last quarter of the steps with the best one before. Under 1 % is flat: two checks
    in a row differ by as much. The learning rate falls towards the end, so a flat end says more than a falling one.
    """
    steps = np.array([row["iteration"] for row in history])
    held = np.array([row["held_a"] + row["held_b"] for row in history])
    late = steps > 0.75 * steps[-1]
    if len(steps) < 5 or late.sum() < 2 or late.all():
        return f"Training: {len(steps)} checks on held-out faces are too few to say when to stop; train longer."
    gain = 1 - held[late].min() / held[~late].min()
    best = steps[held.argmin()]
    told = f"Training: in its last quarter the loss on held-out faces fell by {gain:.1%}"
    if gain > 0.01:
        return f"{told}, and the best check was at iteration {best}: more training will help."
    if held[-1] > 1.03 * held.min():
        return (
            f"Training: the loss on held-out faces was best at iteration {best} and has risen by "
            f"{held[-1] / held.min() - 1:.1%} since: stop there; more varied video helps, more minutes do not."
        )
    return f"{told.replace('fell', 'changed')}: more minutes will hardly help, more varied video will."


def reach(poses_a: np.ndarray, poses_b: np.ndarray) -> str:
    """Has B's video shown the sides that A's asks for? poses (N, 3): yaw, pitch, roll in degrees."""
    slack = 5  # degrees: so far the mesh carries a texture without loss to the eye
    for name, a, b in zip(("to the side", "up or down"), poses_a.T, poses_b.T, strict=False):
        share = np.mean((a < b.min() - slack) | (a > b.max() + slack))
        if share > 0.02:
            return (
                f"Poses: in {share:.0%} of A's frames the head turns further {name} than B's video shows: "
                "film B from there, too."
            )
    return "Poses: B's video shows every side that A's asks for."
