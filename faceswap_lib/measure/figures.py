"""The report's figures: what each one says, its interval, its verdict and what to do about it; the stop rule."""

from dataclasses import dataclass

import numpy as np

BLOCK = 32  # frames: neighbouring frames score alike, and forget one another after 5 to 28 (measured)
DRAWS, AT_ONCE = 2000, 100  # of the bootstrap, and how many are held in memory


@dataclass(frozen=True)
class Figure:
    """How a figure is read: which way is better, how it is shown, what it says, and what a bad one calls for.

    marks: references that are the aim or the yardstick and no rivals; good: beyond this nothing need be done;
    correlates: not a mean over frames but the correlation of a curve with the source's curve.
    """

    group: str
    better: str
    form: str
    meaning: str
    good: float | None = None
    advice: str = ""
    marks: tuple[str, ...] = ("ideal",)
    correlates: bool = False


AGAINST, WHOSE, ACTS = "Like the ideal swap", "Whose face it is", "Does it what A does"
CALM, FITS, WHOLE, UNSEEN = "Is it calm", "Does it fit in", "Is it complete", "Faces kept from training"
SIDES = {"better": "better than", "worse": "worse than", "even": "not clearly different from", "other frames": "beside"}
OWN = ("ideal", "source")  # these compare with the source, which agrees with itself by definition
FIGURES = {
    "ssim": Figure(AGAINST, "higher", ".3f", "structure like the ideal swap's, inside its mask; 1 is the same"),
    "ms_ssim": Figure(AGAINST, "higher", ".3f", "the same, coarse and fine structure together"),
    "psnr": Figure(AGAINST, "higher", ".2f", "pixels like the ideal swap's, in dB"),
    "delta_e": Figure(AGAINST, "lower", ".2f", "colour difference to the ideal swap; 2 shows at a glance", 8,
                      "The colours are off: try another color_match, or film both people in like light."),
    "parts": Figure(AGAINST, "higher", ".3f", "structure of eyes and mouth alone"),
    "placement": Figure(AGAINST, "lower", ".2f", "how far the face was moved onto the ideal's before the five above, "
                        "in % of the distance between the eyes", 4, "The face sits aside: look at its landmarks."),
    "expression": Figure(AGAINST, "lower", ".2f", "how far its points are from the ideal's after that, same unit", 2.8,
                         "The expression does not follow: train longer, and film B talking and blinking."),
    "to_ideal": Figure(AGAINST, "lower", ".3f", "a recogniser's distance to the ideal's; under 0.6 is “same person”",
                       0.45, "It is not B yet: train longer."),
    "identity": Figure(WHOSE, "higher", ".3f", "a recogniser's view: −1 is A's average face, +1 is B's", 0.15,
                       "The recogniser hesitates between A and B: train longer, or film B in all of A's poses."),
    "share_nearer_b": Figure(WHOSE, "higher", ".0%", "share of the frames in which it sees B rather than A", 0.9,
                             "In some frames A is still recognised: look at them, then at the poses in lab 3."),
    "motion": Figure(ACTS, "lower", ".2f", "how far lids, lips and brows are from where A's movement takes them, "
                     "% of the distance between the eyes", 5, "The face does not move as A's: train longer.", OWN),
    "mouth": Figure(ACTS, "higher", ".2f", "does the mouth open when A's does? 1 is in step", 0.7,
                    "The mouth is out of step: train longer, and film B talking.", OWN, True),
    "eyes": Figure(ACTS, "higher", ".2f", "do the lids close when A's do? 1 is in step", 0.5,
                   "The lids are out of step: film B blinking and looking down.", OWN, True),
    "gaze": Figure(ACTS, "higher", ".2f", "do the eyes look where A's look? 1 is in step", 0.5,
                   "The gaze is out of step: film B looking around.", OWN, True),
    "pose": Figure(ACTS, "lower", ".1f", "degrees between its head's turn and A's", 6,
                   "The head seems turned otherwise than A's: look at the landmarks in lab 3.", OWN),
    "flicker": Figure(CALM, "lower", ".2f", "how its points tremble from frame to frame and A's do not, "
                      "% of the distance between the eyes", 1.5, "The face trembles: look for jumping landmarks.", OWN),
    "shimmer": Figure(CALM, "lower", ".2f", "grey levels its skin changes from frame to frame and A's does not", 3.5,
                      "The skin shimmers: train longer.", OWN),
    "border": Figure(FITS, "lower", ".2f", "colour difference to A along the face's edge; 2 shows at a glance", 5,
                     "The colour does not match at the edge: try another color_match.", OWN),
    "sharpness": Figure(FITS, "higher", ".2f", "fine detail; 1 is the ideal's (without an ideal: the source's)", 0.6,
                        "The face is soft: more training with the discriminator will help, and a sharper B.", OWN),
    "coverage": Figure(WHOLE, "higher", ".1%", "share of A's frames in which the face has become another", 0.98,
                       "Frames were left out: see which faces lab 3 did not find."),
    "lost": Figure(WHOLE, "lower", ".1%", "share of A's frames in which no face is found any more", 0.01,
                   "In some frames the face is no face any more: look at the worst ones.", OWN),
    "sound": Figure(WHOLE, "higher", ".1%", "share of the source's sound that is there, bit for bit, at its time", 1,
                    "Sound is missing: convert again with this kit, which copies it.", OWN),
    "timing": Figure(WHOLE, "higher", ".1%", "share of the frames that are shown when the source's are", 1,
                     "Frames come at other times than the source's: convert again with this kit.", OWN),
    "unseen_a": Figure(UNSEEN, "higher", ".3f", "structure of A drawn as A, faces it never saw", marks=("seen",)),
    "unseen_b": Figure(UNSEEN, "higher", ".3f", "structure of B drawn as B, faces it never saw", marks=("seen",)),
}  # fmt: skip


def interval(values: np.ndarray, seed: int = 0, against: np.ndarray | None = None) -> tuple[float, float, float]:
    """Mean of values (frames,), or correlation of pairs (frames, 2), with its 95 % bootstrap interval; NaN of none.

    against: the same frames of another clip; then it is the difference to theirs. Values that are NaN are not scored.
    Stretches of BLOCK frames are drawn, not single ones (circular blocks: Politis & Romano 1992): neighbours are
    alike, and drawing them one by one would promise too narrow an interval.
    """
    sides = [values] if against is None else [values, against]
    there = np.all([scored(side) for side in sides], 0)
    if not (n := int(there.sum())):
        return np.nan, np.nan, np.nan
    sides = [side[there].astype(float) for side in sides]
    block = max(1, min(round(BLOCK * n / len(values)), n // 4))
    starts = np.random.default_rng(seed).integers(0, n, (DRAWS, -(-n // block), 1))
    drawn = [_difference([side[index] for side in sides]) for index in _indices(starts, block, n)]
    low, high = np.percentile(np.concatenate(drawn), [2.5, 97.5])
    return float(_difference([side[None] for side in sides])[0]), float(low), float(high)


def scored(values: np.ndarray) -> np.ndarray:
    """Which frames of values (frames,) or pairs (frames, 2) were scored, bool (frames,)."""
    return np.isfinite(values).reshape(len(values), -1).all(1)


def _indices(starts: np.ndarray, block: int, n: int):
    for some in np.array_split(starts, DRAWS // AT_ONCE):
        yield (some + np.arange(block)).reshape(len(some), -1)[:, :n] % n


def _difference(sides: list[np.ndarray]) -> np.ndarray:
    """The statistic of values (draws, n) or pairs (draws, n, 2), less that of the other side if there is one."""
    found = [_correlation(side) if side.ndim == 3 else side.mean(1) for side in sides]
    return found[0] if len(found) == 1 else found[0] - found[1]


def _correlation(pairs: np.ndarray) -> np.ndarray:
    """Pearson's, (draws,) of pairs (draws, n, 2); 0 where nothing moves."""
    x, y = np.moveaxis(pairs - pairs.mean(1, keepdims=True), 2, 0)
    size = np.sqrt((x * x).sum(1) * (y * y).sum(1))
    return np.divide((x * y).sum(1), size, out=np.zeros(len(x)), where=size > 1e-12)


def judge(name: str, values: dict[str, np.ndarray], seed: int) -> tuple[dict, str]:
    """A figure of the report, and in words against which references the swap is better or worse, paired by frame.

    values: label -> a value per frame (a pair where the figure correlates), the swap's own under "swap".
    """
    about, swap = FIGURES[name], values["swap"]
    value, low, high = (round(x, 4) for x in interval(swap, seed))
    others = {label: column for label, column in values.items() if label != "swap"}
    rows = {label: round(interval(column, seed)[0], 4) for label, column in others.items()}
    against = {label: _beside(about, swap, column, seed) for label, column in others.items()}
    sides: dict[str, list[str]] = {}
    for label, side in against.items():
        told = "the mark to reach:" if label in about.marks else SIDES[side]
        sides.setdefault(told, []).append(f"{label} ({rows[label]:{about.form}})")
    n = int(scored(swap).sum())
    figure = {"value": value, "low": low, "high": high, "n": n, "better": about.better, "reference": rows,
              "swap_is": against}  # fmt: skip
    told = "; ".join(f"{side} {', '.join(labels)}" for side, labels in sides.items())
    said = f"{name} {value:{about.form}} ({low:{about.form}} to {high:{about.form}}, n = {n})"
    return figure, f"{said}: {told}." + (f" {about.advice}" if _is_bad(about, low, high) else "")


def _beside(about: Figure, swap: np.ndarray, other: np.ndarray, seed: int) -> str:
    """Is the swap better or worse than another clip, frame by frame, or is that within the noise?"""
    if len(swap) != len(other):
        return "other frames"
    _, least, most = interval(swap, seed, other)
    if not (least > 0 or most < 0):
        return "even"
    return "better" if (least > 0) == (about.better == "higher") else "worse"


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
        return (f"Training: the loss on held-out faces was best at iteration {best} and has risen by "
                f"{held[-1] / held.min() - 1:.1%} since: stop there; more varied video helps, more minutes do not.")
    return f"{told.replace('fell', 'changed')}: more minutes will hardly help, more varied video will."


def reach(poses_a: np.ndarray, poses_b: np.ndarray) -> str:
    """Has B's video shown the sides that A's asks for? poses (N, 3): yaw, pitch, roll in degrees."""
    slack = 5  # degrees: so far the mesh carries a texture without loss to the eye
    for name, a, b in zip(("to the side", "up or down"), poses_a.T, poses_b.T, strict=False):
        share = np.mean((a < b.min() - slack) | (a > b.max() + slack))
        if share > 0.02:
            return (f"Poses: in {share:.0%} of A's frames the head turns further {name} than B's video shows: "
                    "film B from there, too.")
    return "Poses: B's video shows every side that A's asks for."
